"""Reads files through ConfigObj, as the original does.

One file a line on standard input, as a JSON string; one result a line on standard output:
{"read": [[section, key, value], ...]} with the keys before the first section under "", or
{"refused": line, "class": the name of the error}. A value is a text, a list, or
{"unresolved": why}. The argument is a file that is written over and over.
"""

import json
import sys

import configobj


def value(section, key):
    try:
        return section[key]
    except configobj.MissingInterpolationOption:
        return {"unresolved": "missing"}
    except configobj.InterpolationLoopError:
        return {"unresolved": "circle"}
    except TypeError:
        # It refers to a list.
        return {"unresolved": "list"}


def read(path):
    try:
        conf = configobj.ConfigObj(path, encoding="utf-8")
    except configobj.ConfigObjError as error:
        first = error.errors[0] if getattr(error, "errors", None) else error
        return {"refused": first.line_number, "class": type(first).__name__}
    entries = [["", key, value(conf, key)] for key in conf.scalars]
    for name in conf.sections:
        entries += [[name, key, value(conf[name], key)] for key in conf[name].scalars]
    return {"read": entries}


for line in sys.stdin:
    with open(sys.argv[1], "w", encoding="utf-8", newline="") as file:
        file.write(json.loads(line))
    print(json.dumps(read(sys.argv[1])), flush=True)
