# Objects, calls of methods, dictionaries and lists.
class Line:
    def __init__(self, slope):
        self.slope = slope

    def at(self, x):
        return self.slope * x + 1


def work(count):
    sums = {}
    last = []
    line = Line(3)
    for i in range(count):
        key = "k%d" % (i % 97)
        sums[key] = sums.get(key, 0) + line.at(i)
        last.append(i ^ 5)
        if len(last) > 50:
            last = last[25:]
    return sum(sums.values()) + sum(x * 2 for x in last)


print(work(500000))
