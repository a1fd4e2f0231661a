"""Runs a program on a terminal of its own, types at it, and prints what stands on the screen in the end.

    terminal.py PROGRAM ARG... < [[EXPECTED, KEYS], ...]    as JSON

Before each list of keys it waits until EXPECTED was written since the last one. A key is sent only while the program
reads single keys, and the next only after an answer, so nothing depends on how fast the machine is.
"""

import codecs
import json
import os
import pty
import re
import select
import struct
import sys
import fcntl
import termios
import time

LIMIT = 120
ORDER = r"\x1b\[\??[0-9;]*[A-Za-z]"


class Screen:
    """Rows without end, a cursor, and whether it is shown."""

    def __init__(self):
        self.rows, self.row, self.column, self.cursor = [[]], 0, 0, True

    def feed(self, text):
        for part in re.findall(ORDER + r"|[\r\n\b]|[^\x1b\r\n\b]+|\x1b", text):
            self.take(part)

    def take(self, part):
        if part == "\r":
            self.column = 0
        elif part == "\n":
            self.row += 1
        elif part == "\b":
            self.column = max(0, self.column - 1)
        elif part.startswith("\x1b["):
            self.order(part[2:-1], part[-1])
        else:
            while len(self.rows) <= self.row:
                self.rows.append([])
            line = self.rows[self.row]
            line.extend(" " * (self.column + len(part) - len(line)))
            line[self.column : self.column + len(part)] = part
            self.column += len(part)
        while len(self.rows) <= self.row:
            self.rows.append([])

    def order(self, number, what):
        if number == "?25":
            self.cursor = what == "h"
            return
        count = int(number) if number.isdigit() else 0
        line = self.rows[self.row]
        if what == "A":
            self.row = max(0, self.row - (count or 1))
        elif what == "B":
            self.row += count or 1
        elif what == "C":
            self.column += count or 1
        elif what == "D":
            self.column = max(0, self.column - (count or 1))
        elif what == "G":
            self.column = max(0, (count or 1) - 1)
        elif what == "K" and count == 2:
            line.clear()
        elif what == "K":
            del line[self.column :]
        elif what == "J":
            del line[self.column :]
            del self.rows[self.row + 1 :]

    def text(self):
        return "\n".join("".join(row).rstrip() for row in self.rows).strip("\n")


def main():
    steps = json.load(sys.stdin)
    child, master = pty.fork()
    if child == 0:
        os.execv(sys.argv[1], sys.argv[1:])
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 400, 100, 0, 0))
    screen, fresh, rest, told, end = Screen(), [""], [""], [0], time.monotonic() + LIMIT
    decoder = codecs.getincrementaldecoder("utf-8")()

    def read(wait):
        """Takes what was written; False at the end."""
        if time.monotonic() > end:
            print(screen.text())
            sys.exit("it takes too long; last was written: %r" % fresh[0])
        if not select.select([master], [], [], wait)[0]:
            return True
        try:
            data = os.read(master, 65536)
        except OSError:
            return False
        # A character or an order of the terminal may come in two parts.
        whole = re.fullmatch(r"(?s)(.*?)(\x1b(?:\[\??[0-9;]*)?)?", rest[0] + decoder.decode(data))
        rest[0] = whole.group(2) or ""
        screen.feed(whole.group(1))
        fresh[0] += re.sub(ORDER, "", whole.group(1))
        told[0] += len(data)
        return bool(data)

    def raw():
        return not termios.tcgetattr(master)[3] & termios.ICANON

    before = termios.tcgetattr(master)[3]
    alive = True
    for expected, keys in steps:
        while alive and expected not in fresh[0]:
            alive = read(0.01)
        if not alive:
            print(screen.text())
            sys.exit("it ended before it wrote %r" % expected)
        fresh[0] = fresh[0].split(expected, 1)[1]
        for key in keys:
            while alive and not raw():
                alive = read(0.01)
            before_it = told[0]
            os.write(master, key.encode())
            while alive and told[0] == before_it:
                alive = read(0.01)
    # What the program left is asked for while the terminal is still there.
    after = before
    while alive:
        try:
            after = termios.tcgetattr(master)[3]
        except termios.error:
            pass
        alive = read(0.01)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(screen.text())
    kept = after & (termios.ICANON | termios.ECHO) == before & (termios.ICANON | termios.ECHO)
    print("-- exit %d, cursor %s, keys %s" % (status, "shown" if screen.cursor else "hidden", "as before" if kept else "raw"))


main()
