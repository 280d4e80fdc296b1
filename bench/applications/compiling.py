# The compiler of Python, written in C, on a module of the library.
import os

source = open(os.path.join(os.path.dirname(os.__file__), "argparse.py")).read()
for _ in range(14):
    code = compile(source, "argparse", "exec")
print(len(code.co_code), len(code.co_consts))
