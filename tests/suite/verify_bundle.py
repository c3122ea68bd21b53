#!/usr/bin/env python3
"""An independent check of evidence bundles, written from the specifications and not from the Rust code:
BagIt (RFC 8493), the leaf encoding as VERIFY.txt describes it, RFC 6962 (hashes, inclusion proofs as verified by
RFC 9162 section 2.1.3.2), C2SP signed-note, tlog-checkpoint, tlog-proof and tlog-cosignature; consistency proofs as
verified by RFC 9162 section 2.1.4.2; of time stamps (RFC 3161) that they are granted and whose hash they stamp.

    verify_bundle.py BUNDLE…        a line per bundle: "ok PATH" or "BAD PATH: first reason"

Exit status 0 when all are ok, 1 otherwise. Ed25519 needs the `cryptography` package; without it the signatures are
SKIPPED, which is said on standard error, and the hash of the key is still checked.
"""
import base64
import datetime
import hashlib
import json
import os
import re
import struct
import sys

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    Ed25519PublicKey = None
    print("SKIPPED: no `cryptography` package, signatures are not verified", file=sys.stderr)


class Bad(Exception):
    pass


def need(condition, reason):
    if not condition:
        raise Bad(reason)


def sha(data):
    return hashlib.sha256(data).digest()


def files_of(root):
    found = {}
    for folder, names, files in os.walk(root):
        for name in names + files:
            path = os.path.join(folder, name)
            need(not os.path.islink(path), "symbolic link")
            if name in files:
                need(os.path.isfile(path), "not a regular file")
                need(os.path.getsize(path) < 1 << 28, "too large")
                with open(path, "rb") as file:
                    found[os.path.relpath(path, root)] = file.read()
    return found


def manifest(files, name):
    need(name in files, f"no {name}")
    listed = {}
    for line in files[name].decode().splitlines():
        match = re.fullmatch(r"([0-9a-f]{64})  ([A-Za-z0-9._/-]+)", line)
        need(match, f"malformed line in {name}")
        listed[match[2]] = bytes.fromhex(match[1])
    rewritten = "".join(f"{listed[path].hex()}  {path}\n" for path in sorted(listed))
    need(rewritten.encode() == files[name], f"{name} is not in canonical form")
    for path, digest in listed.items():
        need(path in files, f"{path} is missing")
        need(sha(files[path]) == digest, f"{path} was altered")
    return set(listed)


def verify_note(text, vkey):
    """The signed text of a note, if the key signed it."""
    name, key_id, encoded = vkey.split("+", 2)
    key = base64.b64decode(encoded, validate=True)
    need(sha(name.encode() + b"\n" + key)[:4].hex() == key_id and key[0] == 1 and len(key) == 33, "malformed key")
    body, separator, signatures = text.rpartition(b"\n\n")
    need(separator and signatures.endswith(b"\n"), "malformed note")
    body += b"\n"
    for line in signatures.decode().splitlines():
        match = re.fullmatch("— ([^ +]+) ([A-Za-z0-9+/]+=*)", line)
        need(match, "malformed signature line")
        signature = base64.b64decode(match[2], validate=True)
        need(base64.b64encode(signature).decode() == match[2], "a second spelling of base64")
        if match[1] == name and signature[:4].hex() == key_id:
            if Ed25519PublicKey:
                try:
                    Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature[4:], body)
                except InvalidSignature:
                    raise Bad("signature does not verify")
            return body
    raise Bad("not signed by the bundle's key")


def text_field(value):
    data = value.encode()
    return struct.pack(">I", len(data)) + data


def optional(data):
    return b"\0" if data is None else b"\1" + data


def leaf_hash(line):
    received = line["received_at_us"]
    cipher = line["ciphertext"]
    return sha(
        b"\0"
        + b"chaperone-entry/1\n"
        + text_field(line["class"])
        + text_field(line["organisation"])
        + struct.pack(">q", line["at_us"])
        + optional(None if received is None else struct.pack(">q", received))
        + bytes.fromhex(line["commitment"])
        + optional(None if cipher is None else bytes.fromhex(cipher))
        + text_field(line["software"])
    )


def root_from(leaf, index, size, path):
    """RFC 9162 section 2.1.3.2."""
    need(index < size, "index outside of the tree")
    node, last, current = index, size - 1, leaf
    for sibling in path:
        need(last != 0, "proof too long")
        if node & 1 or node == last:
            current = sha(b"\1" + sibling + current)
            while not node & 1 and node != 0:
                node >>= 1
                last >>= 1
        else:
            current = sha(b"\1" + current + sibling)
        node >>= 1
        last >>= 1
    need(last == 0, "proof too short")
    return current


def consistent(first, second, first_root, second_root, path):
    """RFC 9162 section 2.1.4.2."""
    need(0 < first <= second, "sizes of a consistency proof")
    if first == second:
        need(not path and first_root == second_root, "consistency of one size")
        return
    need(path, "empty consistency proof")
    if first & (first - 1) == 0:
        path = [first_root] + path
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        need(last != 0, "consistency proof too long")
        if node & 1 or node == last:
            old, new = sha(b"\1" + sibling + old), sha(b"\1" + sibling + new)
            while not node & 1 and node != 0:
                node, last = node >> 1, last >> 1
        else:
            new = sha(b"\1" + new + sibling)
        node, last = node >> 1, last >> 1
    need(last == 0 and old == first_root and new == second_root, "consistency proof")


def cosigned_at(line, vkey, body):
    """The time of a cosignature/v1 line, if the witness with this key signed it."""
    name, key_id, encoded = vkey.split("+", 2)
    key = base64.b64decode(encoded, validate=True)
    need(key[0] == 4 and len(key) == 33, "not a witness' key")
    need(sha(name.encode() + b"\n" + key)[:4].hex() == key_id, "key id of the witness")
    match = re.fullmatch("— ([^ +]+) ([A-Za-z0-9+/]+=*)\n", line)
    need(match and match[1] == name, "malformed cosignature")
    signature = base64.b64decode(match[2], validate=True)
    need(len(signature) == 76 and signature[:4].hex() == key_id, "not of this witness")
    need(base64.b64encode(signature).decode() == match[2], "a second spelling of base64")
    (time,) = struct.unpack(">Q", signature[4:12])
    if Ed25519PublicKey:
        try:
            message = b"cosignature/v1\ntime %d\n" % time + body
            Ed25519PublicKey.from_public_bytes(key[1:]).verify(signature[12:], message)
        except InvalidSignature:
            raise Bad("cosignature does not verify")
    return time


def der(data):
    """The elements of DER content: (tag, content)."""
    found = []
    while data:
        tag, length, head = data[0], data[1], 2
        if length >= 128:
            head += length & 127
            length = int.from_bytes(data[2:head], "big")
        need(len(data) >= head + length, "DER is cut off")
        found.append((tag, data[head : head + length]))
        data = data[head + length :]
    return found


def stamped_at(response, data):
    """The time of a granted RFC 3161 response about these bytes: its imprint, and that the signature covers it."""
    status, token = (content for _, content in der(der(response)[0][1]))
    need(der(status)[0] in [(2, b"\0"), (2, b"\1")], "not granted")
    oid, wrapped = der(token)
    need(oid[1].hex() == "2a864886f70d010702", "not signed data")
    signed = der(der(wrapped[1])[0][1])
    encapsulated = der(signed[2][1])
    need(encapsulated[0][1].hex() == "2a864886f70d0109100104", "not a TSTInfo")
    info = der(encapsulated[1][1])[0][1]
    signer = der(der(signed[-1][1])[0][1])
    attributes = dict((der(a)[0][1].hex(), der(der(a)[1][1])[0][1]) for _, a in der(signer[3][1]))
    need(attributes["2a864886f70d010904"] == sha(info), "the signature covers something else")
    fields = der(der(info)[0][1])
    algorithm, imprint = der(fields[2][1])
    need(der(algorithm[1])[0][1].hex() == "608648016503040201", "not SHA-256")
    need(imprint[1] == sha(data), "a stamp of something else")
    return fields[4][1].decode()


def attested(files, note, vkey, size, tree_root):
    keys = []
    for line in map(json.loads, files["data/proofs/attested.jsonl"].decode().splitlines()):
        folder = f"data/proofs/attested/{line['size']:010}/"
        earlier = files[folder + "checkpoint.txt"]
        body = verify_note(earlier, vkey)
        need(earlier.count("— ".encode()) == 1, "signatures of others on what was stamped")
        _, old_size, old_root = body.decode().splitlines()[:3]
        need(int(old_size) == line["size"], "size of an attested state")
        head, separator, after = files[folder + "continues.txt"].partition(b"\n\n")
        need(separator and after == note, "leads to another checkpoint")
        first, *path = head.decode().split("\n")
        need(first == f"old {line['size']}", "consistency from another size")
        path = [base64.b64decode(item, validate=True) for item in path]
        consistent(line["size"], size, base64.b64decode(old_root), tree_root, path)
        lines = files.get(folder + "cosignatures.txt", b"").decode().splitlines(keepends=True)
        need(len(lines) == len(line["cosigned"]), "number of cosignatures")
        for said, signature in zip(line["cosigned"], lines):
            time = cosigned_at(signature, said["witness"], body)
            told = datetime.datetime.fromtimestamp(time, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            need(told == said["at"], "time of a cosignature")
            if line["size"] == size:
                need(signature.encode() in note, "cosignature missing on the checkpoint")
            if said["witness"] not in keys:
                keys.append(said["witness"])
        for number, said in enumerate(line["stamped"], 1):
            told = stamped_at(files[f"{folder}stamp-{number}.tsr"], earlier)
            plain = re.sub(r"[-:T]", "", said["at"])
            need(told.rstrip("Z").split(".")[0] == plain.rstrip("Z").split(".")[0], "time of a stamp")
    for number, key in enumerate(keys, 1):
        raw = base64.b64decode(key.split("+", 2)[2])[1:]
        pem = files[f"data/proofs/attested/witness-{number}.pem"].decode().splitlines()
        need(base64.b64decode("".join(pem[1:-1]))[-32:] == raw, "PEM of a witness")


def verify(root):
    files = files_of(root)
    need(files.get("bagit.txt") == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", "no bag declaration")
    payload = {path for path in files if path.startswith("data/")}
    need(manifest(files, "manifest-sha256.txt") == payload, "the manifest does not list the payload")
    tags = set(files) - payload - {"tagmanifest-sha256.txt", "signature.txt"}
    need(manifest(files, "tagmanifest-sha256.txt") == tags, "the tag manifest does not list the tag files")
    oxum = f"Payload-Oxum: {sum(len(files[path]) for path in payload)}.{len(payload)}"
    need(oxum in files["bag-info.txt"].decode().splitlines(), "Payload-Oxum")

    case = json.loads(files["data/case.json"])
    vkey = files["data/proofs/log-key.txt"].decode().rstrip("\n")
    signed = verify_note(files["signature.txt"], vkey).decode().splitlines()
    tag_manifest = sha(files["tagmanifest-sha256.txt"]).hex()
    need(signed == ["chaperone-bundle/1", case["reference"], tag_manifest], "the signature is for another bundle")
    note = files["data/proofs/checkpoint.txt"]
    origin, size, tree_root = verify_note(note, vkey).decode().splitlines()[:3]
    need(origin == vkey.split("+")[0], "the origin is not the key's name")
    size, tree_root = int(size), base64.b64decode(tree_root, validate=True)
    attested(files, note, vkey, size, tree_root)

    lines = [json.loads(line) for line in files["data/entries.jsonl"].decode().splitlines()]
    need(len(lines) == case["exhibits"], "number of exhibits")
    for number, line in enumerate(lines, 1):
        need(line["number"] == number, "order of exhibits")
        leaf = leaf_hash(line)
        need(leaf.hex() == line["leaf_hash"], "leaf hash")
        head, separator, checkpoint = files[f"data/proofs/{number:04}.tlog-proof"].partition(b"\n\n")
        need(separator and checkpoint == note, "the proof ends in another checkpoint")
        first, index, *path = head.decode().split("\n")
        need(first == "c2sp.org/tlog-proof@v1" and index == f"index {line['index']}", "malformed proof")
        path = [base64.b64decode(item, validate=True) for item in path]
        need(root_from(leaf, line["index"], size, path) == tree_root, "inclusion proof")
        if line["held"] == "sealed":
            need(sha(files[f"data/sealed/{number:04}.age"]).hex() == line["ciphertext"], "ciphertext")
        if line["held"] == "open":
            need(sha(files[f"data/open/{number:04}.exhibit"]).hex() == line["commitment"], "commitment")
        readable = f"data/readable/exhibits/{number:04}.exhibit"
        if readable in files:
            need(sha(files[readable]).hex() == line["commitment"], "commitment of the readable exhibit")


def main(bundles):
    wrong = 0
    for bundle in bundles:
        try:
            verify(bundle)
            print(f"ok {bundle}")
        except Exception as why:  # whatever a hostile bundle provokes is a reason to refuse it
            wrong = 1
            print(f"BAD {bundle}: {why!r}")
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
