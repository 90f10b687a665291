"""C++ source as the tidy rules see it: without comments and literals, and cut into functions."""

import re

_SKIP = re.compile(
    r'//[^\n]*'
    r'|/\*.*?\*/'
    r'|R"(?P<tag>[^()\s\\]{0,16})\(.*?\)(?P=tag)"'
    r'|"(?:\\.|[^"\\\n])*"'
    # A quote after a digit separates digits (100'000) and opens nothing.
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'",
    re.DOTALL)


def strip(text):
    """Blanks comments and literals; every other character keeps its line and column."""
    def blank(match):
        return re.sub(r'[^\n]', ' ', match.group())

    # Quoted includes are literals to C++ but names to the rules about includes.
    lines = []
    for line, blanked in zip(text.split('\n'), _SKIP.sub(blank, text).split('\n')):
        lines.append(line if line.startswith('#include') else blanked)
    return '\n'.join(lines)


_NOT_A_FUNCTION = re.compile(
    r'^\s*(?:template\s*<.*>\s*)?(?:inline\s+)?(namespace|class|struct|union|enum|extern)\b',
    re.DOTALL)


def _opens_function(head):
    """Whether a brace after `head`, the text since the last statement, opens a function's body."""
    head = re.sub(r'^(\s*#[^\n]*\n|\s*(?:public|private|protected)\s*:)+', '', head)
    if '(' not in head or _NOT_A_FUNCTION.match(head):
        return False
    tail = head.rstrip()
    if '=' in tail[:tail.find('(')] and 'operator' not in tail:
        return False  # the initialiser of a variable
    if tail.endswith(')') or re.search(r'\b(const|noexcept|override|final|try|&+)$', tail):
        return True
    # Else it is a member's braced initialiser, or a body after a trailing return type or one
    # after the last member's initialiser.
    return bool(re.search(r'->\s*[\w:<>,&*\s]+$', tail)) or tail.endswith('}')


def functions(stripped):
    """Yields (first line, number of lines) of each function body outside other functions."""
    stack = []  # what each open brace is: 'scope', 'function' or 'other'
    starts = []
    head_from = 0
    line = 1
    for at, char in enumerate(stripped):
        if char == '\n':
            line += 1
        elif char == '{':
            inside = 'function' in stack or 'other' in stack
            head = stripped[head_from:at]
            if inside:
                kind = 'other'
            elif _opens_function(head):
                kind = 'function'
            elif _NOT_A_FUNCTION.match(head.strip()) or not head.strip():
                kind = 'scope'
            else:
                kind = 'other'
            stack.append(kind)
            starts.append(line)
            if kind in ('scope', 'function'):
                head_from = at + 1
        elif char == '}' and stack:
            kind, start = stack.pop(), starts.pop()
            if kind == 'function':
                yield start, line - start + 1
            if kind in ('scope', 'function'):
                head_from = at + 1
        elif char == ';' and 'function' not in stack and 'other' not in stack:
            head_from = at + 1
