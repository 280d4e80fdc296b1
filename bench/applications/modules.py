# Imports what has no compiled form beside it, as after an installation: reads, compiles and runs a part of the library.
import argparse, decimal, email.mime.text, http.client, json, re

print(len(re.findall(r"\w+", argparse.__doc__)), decimal.Decimal(2).sqrt(), json.dumps([1, 2]))
