#!/usr/bin/env python3
"""Rewrites cronjob.txt from the OpenAPI v3 document of a Kubernetes release.

    kubectl get --raw /openapi/v3/apis/batch/v1 > openapi.json
    python3 import.py openapi.json 1.36 > cronjob.new && mv cronjob.new cronjob.txt

Types, required fields and enums come from the document. The order of fields comes from the cronjob.txt that stands
here: it is edited there by hand, and kept. A field or shape that is new goes last (`name` first), by the alphabet.
"""

import json
import pathlib
import sys

ROOT = "CronJob"
LEAVES = {"Quantity": "quantity", "IntOrString": "int-or-string", "Time": "time", "FieldsV1": "any"}
HEADER = """\
# The shapes of batch/v1 CronJob, as Kubernetes {release} publishes them (OpenAPI v3); written by import.py.
#
# A shape, then its fields: name, `!` if required, type, allowed values. Types: string, boolean, int32, int64,
# quantity, int-or-string, time, any, another shape, `[T]` a list of T, `{{T}}` a map of T under names of the user's own.
#
# THE ORDER OF THE FIELDS IS THE ORDER OF OUR OUTPUT, the order in which a person wants to read them. Move a line to
# change it; import.py keeps it.

release {release}
"""


def known_order():
    """The fields of each shape in the order of the file that stands here."""
    order, shape = {}, None
    file = pathlib.Path(__file__).with_name("cronjob.txt")
    for line in file.read_text().splitlines() if file.exists() else []:
        if line.startswith("  "):
            order[shape].append(line.split()[0].rstrip("!"))
        elif line and line[0].isupper():
            shape = line.split()[0]
            order[shape] = []
    return order


def short(ref):
    """`io.k8s.api.core.v1.PodSpec` is PodSpec."""
    return ref.rsplit(".", 1)[-1]


def type_of(prop):
    """The type of a property as the file writes it, and its allowed values."""
    if "allOf" in prop:
        (prop,) = prop["allOf"]
    if "$ref" in prop:
        name = short(prop["$ref"])
        return LEAVES.get(name, name), []
    kind = prop["type"]
    if kind == "array":
        item, values = type_of(prop["items"])
        return f"[{item}]", values
    if kind == "object":
        item, values = type_of(prop["additionalProperties"])
        return "{" + item + "}", values
    if kind == "integer":
        return prop["format"], []
    return kind, prop.get("enum", [])


def main():
    document, release = json.load(open(sys.argv[1])), sys.argv[2]
    schemas = document.get("components", document)["schemas"]
    shapes = {}
    for name, schema in schemas.items():
        if shapes.setdefault(short(name), schema) is not schema:
            sys.exit(f"two shapes are called {short(name)}")
    order = known_order()

    print(HEADER.format(release=release), end="")
    queue, seen = [ROOT], {ROOT}
    for name in queue:
        schema, known = shapes[name], order.get(name, [])
        fields = schema["properties"]
        last = len(known)
        rank = {field: known.index(field) if field in known else last for field in fields}
        group = schema.get("x-kubernetes-group-version-kind")
        print(f"\n{name}" + (f" {group[0]['group']}/{group[0]['version']}" if group else ""))
        for field in sorted(fields, key=lambda f: (rank[f], rank[f] == last and f != "name", f)):
            kind, values = type_of(fields[field])
            mark = "!" if field in schema.get("required", []) else ""
            said = " | ".join(value or '""' for value in values)
            print(f"  {field + mark:<32} {kind:<22} {said}".rstrip())
            inner = kind.strip("[]{}")
            if inner in shapes and inner not in seen:
                seen.add(inner)
                queue.append(inner)


if __name__ == "__main__":
    main()
