#!/usr/bin/env python3
"""compare.py SOURCES RENDERED: compares two folders with a folder a cluster, object by object, as exact JSON.

It shares no code with fleetcron. Left out are only: what a server writes, names of job and pod templates, which name
nothing, `suspend: false`, which is what Kubernetes takes if nothing is written, and objects of RENDERED that carry
fleetcron's marker name. Objects of SOURCES of the kinds in --only are compared; without it all are.
"""
import json
import os
import sys

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Loader(LOADER):
    """Reads dates as texts, as Kubernetes does."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, expression) for tag, expression in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in LOADER.yaml_implicit_resolvers.items()
}
SERVER = ["creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"]


def strip(value):
    if isinstance(value, dict):
        return {key: strip(member) for key, member in value.items() if member is not None}
    return [strip(item) for item in value] if isinstance(value, list) else value


def clean(document):
    document = strip(document)
    document.pop("status", None)
    metadata = document.get("metadata", {})
    for name in SERVER:
        metadata.pop(name, None)
    if document.get("kind") == "CronJob":
        spec = document["spec"]
        if spec.get("suspend") is False:
            del spec["suspend"]
        for owner in (spec["jobTemplate"], spec["jobTemplate"]["spec"]["template"]):
            if "metadata" in owner:
                owner["metadata"].pop("name", None)
                owner["metadata"].pop("creationTimestamp", None)
                if not owner["metadata"]:
                    del owner["metadata"]
    return document


def load(root):
    found = {}
    for cluster in sorted(os.listdir(root)):
        for folder, _, names in os.walk(os.path.join(root, cluster)):
            for name in sorted(names):
                if not name.endswith((".yaml", ".yml", ".json")):
                    continue
                for document in yaml.load_all(open(os.path.join(folder, name), encoding="utf-8"), Loader):
                    if not isinstance(document, dict) or "kind" not in document:
                        continue
                    document = clean(document)
                    metadata = document["metadata"]
                    key = (cluster, document["kind"], metadata.get("namespace", ""), metadata["name"])
                    found[key] = json.dumps(document, sort_keys=True)
    return found


def main():
    only = [argument[len("--only="):] for argument in sys.argv if argument.startswith("--only=")]
    sources, rendered = [load(argument) for argument in sys.argv[1:] if not argument.startswith("--")]
    if only:
        sources = {key: text for key, text in sources.items() if key[1] in only}
        rendered = {key: text for key, text in rendered.items() if key[1] in only}
    rendered = {key: text for key, text in rendered.items() if not key[3].startswith("fleetcron-")}
    wrong = [key for key in sorted(sources) if sources[key] != rendered.get(key)]
    extra = sorted(set(rendered) - set(sources))
    print(f"{len(sources)} objects in the sources, {len(rendered)} rendered, {len(wrong)} differ or miss, {len(extra)} extra")
    for key in wrong[:3]:
        print("/".join(key), sources[key][:3000], rendered.get(key, "missing")[:3000], sep="\n")
    for key in extra[:3]:
        print("extra", "/".join(key))
    return 1 if wrong or extra else 0


sys.exit(main())
