# Writes and reads JSON.
import json

people = json.load(open("people.json"))[:600]
for _ in range(25):
    text = json.dumps(people, indent=1)
    assert json.loads(text) == people
print(len(text))
