#!/usr/bin/env python3
"""The house style, as far as a program can check it. Usage: tidy.py ROOT

Prints one line for each offence, in the form of a compiler, and exits 1 if there was any.
A rule is a function of the tree that yields (path, line, message). An exception to a rule stands
in EXCEPTIONS with its reason, and one that is no longer needed is an offence itself.
"""

import os
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True  # the checkout stays as it is
import cpp_text  # noqa: E402

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100

# The stages of each service, in the order of the data flow, which is the alphabetical order.
STAGES = {
    'services/edge': ['admission', 'datagram', 'dtls', 'message', 'request', 'uplink'],
    'services/translator': ['ingress', 'mapping', 'upstream'],
}
# Folders whose code takes time and bytes and returns bytes, and does nothing by itself. In the
# uplink that holds for the files that do not speak gRPC.
SANS_IO = ['libs/coap', 'libs/http', 'libs/transcode', 'services/edge/dtls',
           'services/edge/message', 'services/edge/request', 'services/edge/uplink',
           'services/translator/mapping']

# (rule, path): why it may.
EXCEPTIONS = {
}

# Which words there are, and which are retired.
GLOSSARY = 'docs/architecture.md'

# The only sleep of the end-to-end tests is here.
SETTLE = 'tests/e2e/harness/waiting.py'

SOURCE_ROOTS = ('bench', 'libs', 'services', 'tests', 'tools')


class Tree:
    """The files of the checkout, read once."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.paths = sorted(self._list())
        self._text = {}
        self._stripped = {}

    def _list(self):
        try:
            listed = subprocess.run(
                ['git', '-C', self.root, 'ls-files', '-z', '-co', '--exclude-standard'],
                capture_output=True, check=True).stdout.decode().split('\0')
            return [p for p in listed if p and (self.root / p).is_file()]
        except (OSError, subprocess.CalledProcessError):  # an unpacked archive of the sources
            return [str(p.relative_to(self.root)) for p in self.root.rglob('*')
                    if p.is_file() and p.relative_to(self.root).parts[0] not in ('build', '.git')]

    def text(self, path):
        if path not in self._text:
            self._text[path] = (self.root / path).read_text(encoding='utf-8', errors='replace')
        return self._text[path]

    def stripped(self, path):
        if path not in self._stripped:
            self._stripped[path] = cpp_text.strip(self.text(path))
        return self._stripped[path]

    def named(self, *suffixes, under=('',)):
        return [p for p in self.paths if p.endswith(suffixes) and p.startswith(tuple(under))]

    def cpp(self, under=tuple(f'{root}/' for root in SOURCE_ROOTS)):
        return self.named('.h', '.cc', under=under)


def find(tree, path, pattern, message):
    """Yields an offence for each line of stripped code that `pattern` matches."""
    for number, line in enumerate(tree.stripped(path).split('\n'), 1):
        match = re.search(pattern, line)
        if match:
            yield path, number, message.format(match.group().strip())


def file_length(tree):
    for path in tree.named('.h', '.cc', '.py', '.sh', '.cmake', 'CMakeLists.txt'):
        lines = tree.text(path).count('\n')
        if lines > FILE_LINES_MAX:
            yield path, lines, f'{lines} lines, more than {FILE_LINES_MAX}'


def function_length(tree):
    for path in tree.cpp():
        for line, length in cpp_text.functions(tree.stripped(path)):
            if length > FUNCTION_LINES_MAX:
                yield path, line, f'function of {length} lines, more than {FUNCTION_LINES_MAX}'


def line_shape(tree):
    for path in tree.named('.h', '.cc', '.py', '.sh', '.cmake', 'CMakeLists.txt', '.proto'):
        for number, line in enumerate(tree.text(path).split('\n'), 1):
            # A raw string or an address cannot be broken.
            if len(line) > COLUMNS_MAX and 'R"' not in line and '://' not in line:
                yield path, number, f'{len(line)} columns, more than {COLUMNS_MAX}'
            if line != line.rstrip():
                yield path, number, 'space at the end of the line'
            if '\t' in line:
                yield path, number, 'tab'


def header_opening(tree):
    for path in tree.named('.h', under=('libs/', 'services/', 'tools/')):
        if not tree.text(path).startswith('// '):
            yield path, 1, 'a header opens with a comment that says what it is'
    for path in tree.named('.h', under=tuple(f'{root}/' for root in SOURCE_ROOTS)):
        if '#pragma once' not in tree.text(path):
            yield path, 1, 'no #pragma once'
        if not path.startswith('tests/'):
            yield from find(tree, path, r'^\s*using namespace\b', '{} in a header')


def ownership(tree):
    for path in tree.cpp():
        if 'Reactor' in tree.text(path):
            continue  # gRPC's callback interface deletes its reactors itself
        yield from find(tree, path, r'(?<![\w.>])new\s+[A-Za-z_:(]', '{}…: use make_unique')
        yield from find(tree, path, r'(?<!= )\bdelete\b(\s*\[\s*\])?\s+[A-Za-z_:*(]',
                        '{}…: let unique_ptr own it')
        yield from find(tree, path, r'\b(malloc|calloc|realloc|free)\s*\(', '{}…')


SIDE_EFFECTS = re.compile(
    r'#include <(thread|random|ctime|time\.h|sys/(socket|epoll|time|random)\.h|netinet/in\.h|'
    r'poll\.h)>'
    r'|std::(jthread|thread|async|random_device|mt19937\w*|this_thread)\b'
    r'|\b\w*clock::now\b'
    r'|(?<![\w.>])(socket|bind|sendto|sendmsg|sendmmsg|recvfrom|recvmsg|recvmmsg|epoll_\w+|poll|'
    r'clock_gettime|gettimeofday|time|rand|srand|random|getrandom|getentropy|usleep|nanosleep)\s*\('
    r'|\bmbedtls_(ctr_drbg|hmac_drbg|entropy)_\w+')


def sans_io(tree):
    for path in tree.cpp(under=tuple(f'{folder}/' for folder in SANS_IO)):
        if path.startswith('services/edge/uplink/') and 'grpc' in tree.text(path):
            continue
        yield from find(tree, path, SIDE_EFFECTS, '{} in a stage without input and output')


def stage_order(tree):
    for service, stages in STAGES.items():
        if stages != sorted(stages):
            yield service, 1, 'the order of the flow is not the alphabetical one'
        lists = f'{service}/CMakeLists.txt'
        built = re.findall(r'^add_subdirectory\((\w+)\)', tree.text(lists), re.MULTILINE)
        if [stage for stage in built if stage in stages] != stages:
            yield lists, 1, f'stages are not listed as {" ".join(stages)}'


def include_direction(tree):
    for path in tree.cpp():
        for number, line in enumerate(tree.text(path).split('\n'), 1):
            match = re.match(r'#include "([^"]+)"', line)
            if match and (reason := forbidden_include(path, match.group(1))):
                yield path, number, f'{match.group(1)}: {reason}'


def forbidden_include(path, included):
    if not included.startswith(tuple(f'{root}/' for root in (*SOURCE_ROOTS, 'lowband'))):
        return 'written from the root of the repository'
    if path.startswith('libs/') and included.startswith(('services/', 'tools/', 'tests/')):
        return 'a library includes libraries only'
    if included.startswith('tests/') and not path.startswith(('tests/', 'bench/')):
        return 'test code in a program'
    for service, stages in STAGES.items():
        if not path.startswith(f'{service}/'):
            continue
        if included.startswith('services/') and not included.startswith(f'{service}/'):
            return 'another service'
        own, other = (p[len(service) + 1:].split('/')[0] for p in (path, included))
        if own in stages and included.startswith(f'{service}/'):
            if other not in stages or stages.index(other) > stages.index(own):
                return f'the stage {own} includes only what comes before it'
    return None


def tests_are_deterministic(tree):
    for path in tree.cpp(under=('tests/',)):
        yield from find(tree, path, r'\b(sleep_for|sleep_until|usleep|nanosleep|sleep)\s*\(',
                        '{}…: wait for the event, with a deadline')
        yield from find(tree, path, r'\bDISABLED_\w+|^#if 0\b', '{}: a test runs or is not there')
    for path in tree.named('.py', under=('tests/e2e/', 'tests/helm/')):
        if path != SETTLE:
            yield from find(tree, path, r'\btime\.sleep\b|\bfrom time import\b.*\bsleep\b',
                            '{}: wait for the event, or settle(seconds, why) of the harness')
    bound = re.compile(r'(127\.0\.0\.1|0\.0\.0\.0|localhost|\[::1?\]):[1-9][0-9]{1,4}\b')
    for path in tree.named('.cc', '.h', '.py', under=('tests/integration/', 'tests/e2e/')):
        for number, line in enumerate(tree.text(path).split('\n'), 1):
            if match := bound.search(line):
                yield path, number, f'{match.group()}: a fixed port; bind port 0'


def cmake_names(tree, pattern):
    """Yields (path, name, regex) for what `pattern` finds in CMake files; in a name, ${…} of a loop
    matches any words."""
    for path in tree.named('CMakeLists.txt', '.cmake'):
        for name in re.findall(pattern, tree.text(path), re.MULTILINE):
            parts = re.split(r'\$\{\w+\}', name)
            yield path, name, re.compile(r'[\w/.-]+'.join(map(re.escape, parts)))


def fuzzers_have_seeds(tree):
    seeded = {p.split('/')[3] for p in tree.named('', under=('tests/fuzz/corpus/',))
              if p.count('/') > 3}
    orphans = set(seeded)
    for path, name, fuzzer in cmake_names(tree, r'^\s*lowband_fuzzer\(([\w${}]+)'):
        of_this = set(filter(fuzzer.fullmatch, seeded))
        orphans -= of_this
        if not of_this and path.startswith('tests/fuzz/'):
            yield path, 1, f'{name} has no seed in tests/fuzz/corpus/{name}'
    for name in sorted(orphans):
        yield f'tests/fuzz/corpus/{name}', 1, 'seeds of no fuzzer'


def tests_share_by_support(tree):
    """A test includes files of its own folder; what several folders need is in tests/support."""
    users = {}
    for path in tree.cpp(under=('tests/',)):
        folder = path.rsplit('/', 1)[0]
        for included in re.findall(r'^#include "(tests/[^"]+)"', tree.text(path), re.MULTILINE):
            users.setdefault(included, set()).add(folder)
            if included.rsplit('/', 1)[0] not in (folder, 'tests/support'):
                yield path, 1, f'{included} is of another folder: share it in tests/support'
    for path in tree.named('.h', under=('tests/support/',)):
        if len(users.get(path, ())) == 1 and 'tests/support' not in users[path]:
            yield path, 1, f'of use to {users[path].pop()} only'


def nothing_is_dead(tree):
    """Every source file is built and every header is included."""
    built = {source for _, _, source in cmake_names(tree, r'([\w.${}-]+\.cc)\b')}
    included = {name for path in tree.cpp()
                for name in re.findall(r'^#include "([^"]+)"', tree.text(path), re.MULTILINE)}
    for path in tree.cpp():
        name = path.rsplit('/', 1)[-1]
        if path.endswith('.cc') and not any(source.fullmatch(name) for source in built):
            yield path, 1, 'built by no CMakeLists.txt'
        if path.endswith('.h') and path not in included:
            yield path, 1, 'included by nothing'


def units_mirror_the_sources(tree):
    """The tests of FOLDER are in tests/unit/FOLDER."""
    folders = {path.rsplit('/', 1)[0] for path in tree.cpp()}
    for path in tree.named('_test.cc', under=('tests/unit/',)):
        folder = path.removeprefix('tests/unit/').rsplit('/', 1)[0]
        if folder not in folders:
            yield path, 1, f'there is no {folder}'


def one_vocabulary(tree):
    """The second table of the glossary names words that are no longer in use."""
    glossary = tree.text(GLOSSARY) if GLOSSARY in tree.paths else ''
    retired = re.findall(r'^\| ([a-z][a-z ]*) \| say [^|]+\|$', glossary, re.MULTILINE)
    if not retired:
        return
    # As words, in snake_case and in CamelCase.
    words = '|'.join(word.replace(' ', '[ _]') for word in retired)
    camel = '|'.join(word.title().replace(' ', '') for word in retired)
    pattern = re.compile(rf'((?<![A-Za-z])(?i:{words})(?![A-Za-z])|(?:{camel})(?![a-z]))')
    for path in tree.named('.h', '.cc', '.proto', '.md', '.yaml',
                           under=('libs/', 'services/', 'tools/', 'proto/', 'docs/', 'deploy/')):
        if path == GLOSSARY:
            continue
        for number, line in enumerate(tree.text(path).split('\n'), 1):
            match = pattern.search(line)
            if match:
                yield path, number, f'"{match.group(1)}": the glossary has another word for it'


def unfinished(tree):
    marker = re.compile(r'\b(TO' r'DO|FIX' r'ME|XX' r'X)\b')
    for path in tree.named('.h', '.cc', '.py', '.sh', '.cmake', '.txt', '.proto', '.md'):
        for number, line in enumerate(tree.text(path).split('\n'), 1):
            if match := marker.search(line):
                yield path, number, f'{match.group()}: finish it or open an issue'


def headings(text):
    """Of a document, by the names that links have for them, and as they stand."""
    titles = re.findall(r'^#+ +(.+?)\s*$', text, re.MULTILINE)
    anchors = {re.sub(r'[^\w -]', '', title.lower()).replace(' ', '-') for title in titles}
    return set(titles), anchors


def cited_documents(tree):
    """What a source or a document refers to is there: the file, and the title in it."""
    documents = {path: headings(tree.text(path)) for path in tree.named('.md')}
    citation = re.compile(r'(?<![\w/])(docs/[\w/-]+\.md)((?:,? "[A-Z][^"]*")*)')
    for path in tree.named('.h', '.cc', '.py', '.proto', '.cmake', '.sh', '.yaml'):
        if path.startswith('tests/tidy/'):
            continue
        text = re.sub(r'\n\s*(?:///?<?|#)\s*', ' ', tree.text(path))
        for cited, titles in citation.findall(text):
            if cited not in documents:
                yield path, 1, f'{cited} is not there'
                continue
            for title in re.findall(r'"([^"]*)"', titles):
                if title not in documents[cited][0]:
                    yield path, 1, f'{cited} has no title "{title}"'
    for path in documents:
        folder = pathlib.PurePosixPath(path).parent
        for target in re.findall(r'\]\(([^)\s]+)\)', tree.text(path)):
            if '://' in target or target.startswith('mailto:'):
                continue
            name, _, anchor = target.partition('#')
            linked = os.path.normpath(folder / name) if name else path
            if not (tree.root / linked).exists():
                yield path, 1, f'{target} is not there'
            elif anchor and linked in documents and anchor not in documents[linked][1]:
                yield path, 1, f'{target}: no such title'


RULES = [file_length, function_length, line_shape, header_opening, ownership, sans_io,
         stage_order, include_direction, tests_are_deterministic, fuzzers_have_seeds,
         tests_share_by_support, nothing_is_dead, units_mirror_the_sources, unfinished,
         cited_documents, one_vocabulary]


def offences(root, exceptions):
    tree = Tree(root)
    needed = set()
    for rule in RULES:
        for path, line, message in rule(tree):
            if (rule.__name__, path) in exceptions:
                needed.add((rule.__name__, path))
            else:
                yield f'{path}:{line}: {message} [{rule.__name__}]'
    for rule, path in sorted(set(exceptions) - needed):
        yield f'{path}:1: the exception to {rule} is not needed any more'


def main(root):
    found = list(offences(root, EXCEPTIONS))
    for offence in found:
        print(offence)
    print(f'tidy: {len(found)} offences' if found else 'tidy: clean')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
