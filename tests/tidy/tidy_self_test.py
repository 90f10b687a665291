#!/usr/bin/env python3
"""Canaries for tidy.py: each rule must catch a planted offence and leave good code alone."""

import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import cpp_text  # noqa: E402
import tidy  # noqa: E402

GOOD_HEADER = '// What it is.\n#pragma once\n'


class TidyTest(unittest.TestCase):
    def offences(self, files):
        """The rules that fire on a tree of a few good files and `files` over them."""
        tree = {f'{service}/CMakeLists.txt': ''.join(f'add_subdirectory({s})\n' for s in stages)
                for service, stages in tidy.STAGES.items()} | files
        with tempfile.TemporaryDirectory() as root:
            for path, text in tree.items():
                file = pathlib.Path(root, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            return sorted({o.rsplit('[', 1)[1][:-1] if o.endswith(']') else o
                           for o in tidy.offences(root, {})})

    def source(self, path, code):
        """A tree with one source file that is built."""
        listing = str(pathlib.PurePath(path).parent / 'list.cmake')
        return {path: code, listing: pathlib.PurePath(path).name}

    def check(self, rule, path, code):
        self.assertEqual(self.offences(self.source(path, code)), [rule], code)

    def check_clean(self, path, code):
        self.assertEqual(self.offences(self.source(path, code)), [], code)

    def test_good_tree_is_clean(self):
        self.assertEqual(self.offences({}), [])

    def test_cited_documents(self):
        guide = {'docs/guide.md': '# Guide\n\n## A title, of two\n'}
        cite = 'int x;  // docs/guide.md "A title,\n        // of two", "Guide"\n'
        self.assertEqual(self.offences(guide | self.source('libs/a/a.cc', cite)), [])
        for wrong in ('// docs/other.md\n', '// docs/guide.md "B title"\n'):
            self.assertEqual(self.offences(guide | self.source('libs/a/a.cc', wrong)),
                             ['cited_documents'], wrong)
        for link, found in (('guide.md#a-title-of-two', []), ('#me', []), ('../docs/guide.md', []),
                            ('guide.md#b', ['cited_documents']), ('b.md', ['cited_documents'])):
            me = {'docs/b_.md': f'# Me\n[x]({link})\n'}
            self.assertEqual(self.offences(guide | me), found, link)

    def test_lengths(self):
        self.check('file_length', 'libs/a/a.cc', '\n' * 501)
        self.check_clean('libs/a/a.cc', '\n' * 500)
        body = 'int F() {\n' + '  G();\n' * 69 + '}\n'
        self.check('function_length', 'libs/a/a.cc', body)
        self.check_clean('libs/a/a.cc', body.replace('  G();\n', '', 1))
        nested = 'namespace a {\nclass B {\n  B() : c_{1} {\n' + '  G();\n' * 70 + '  }\n};\n}\n'
        self.check('function_length', 'libs/a/a.cc', nested)
        table = 'constexpr int kTable[] = {\n' + '  F(1),\n' * 90 + '};\n'
        self.check_clean('libs/a/a.cc', table)

    def test_line_shape(self):
        self.check('line_shape', 'libs/a/a.cc', '//' + 'x' * 99 + '\n')
        self.check('line_shape', 'libs/a/a.cc', 'int x; \n')
        self.check('line_shape', 'libs/a/a.cc', '\tint x;\n')

    def test_one_vocabulary(self):
        glossary = {'docs/architecture.md': '| Retired | Instead |\n| old word | say new |\n'}
        for text in ('// An old word.\n', 'int kOldWordMax = 1;\n', 'int old_word = 1;\n'):
            self.assertEqual(self.offences(glossary | self.source('libs/a/a.cc', text)),
                             ['one_vocabulary'])
        self.assertEqual(self.offences(glossary | self.source('libs/a/a.cc', '// older words\n')),
                         [])

    def test_headers(self):
        used = self.source('libs/a/a.cc', '#include "libs/a/a.h"\n')
        self.assertEqual(self.offences(used | {'libs/a/a.h': GOOD_HEADER}), [])
        for header in ('#pragma once\n', '// What.\n', GOOD_HEADER + 'using namespace std;\n'):
            self.assertEqual(self.offences(used | {'libs/a/a.h': header}), ['header_opening'])

    def test_ownership(self):
        self.check('ownership', 'libs/a/a.cc', 'auto* p = new Thing(1);\n')
        self.check('ownership', 'libs/a/a.cc', 'void F() { delete p; }\n')
        self.check('ownership', 'libs/a/a.cc', 'void F() { delete[] p; }\n')
        self.check('ownership', 'libs/a/a.cc', 'void F() { free(p); }\n')
        self.check_clean('libs/a/a.cc', '// a new Thing\nA(const A&) = delete;\n')
        self.check_clean('libs/a/a.cc', 'const char* s = "new Thing";\nint n = 1\'000;\n')
        self.check_clean('services/translator/ingress/a.cc',
                         'class A : grpc::ServerBidiReactor {\n  void F() { delete this; }\n};\n')

    def test_sans_io(self):
        for code in ('#include <thread>\n', 'auto t = std::chrono::steady_clock::now();\n',
                     'void F() { sendto(fd, p, n, 0, a, l); }\n', 'std::mt19937_64 rng;\n'):
            self.check('sans_io', 'services/edge/message/a.cc', code)
            self.check('sans_io', 'services/edge/uplink/a.cc', code)
            self.check_clean('services/edge/datagram/a.cc', code)
        self.check_clean('services/edge/message/a.cc', 'link.recvfrom(x);\n// steady_clock::now\n')

    def test_stage_order(self):
        lists = 'services/edge/CMakeLists.txt'
        self.assertEqual(self.offences({lists: 'add_subdirectory(uplink)\n'}), ['stage_order'])

    def test_include_direction(self):
        header = {'services/edge/request/b.h': GOOD_HEADER, 'libs/a/b.h': GOOD_HEADER,
                  'tests/unit/b.h': GOOD_HEADER}
        use = {'tests/unit/use.cc': ''.join(f'#include "{path}"\n' for path in header),
               'tests/unit/CMakeLists.txt': 'use.cc'}
        for path, included, good in (
                ('services/edge/message/a.cc', 'services/edge/request/b.h', False),
                ('services/edge/uplink/a.cc', 'services/edge/request/b.h', True),
                ('services/edge/worker.cc', 'services/edge/request/b.h', True),
                ('services/translator/mapping/a.cc', 'services/edge/request/b.h', False),
                ('libs/a/a.cc', 'services/edge/request/b.h', False),
                ('services/edge/message/a.cc', 'libs/a/b.h', True),
                ('libs/a/a.cc', 'b.h', False),
                ('libs/a/a.cc', 'tests/unit/b.h', False)):
            files = header | use | self.source(path, f'#include "{included}"\n')
            self.assertEqual(self.offences(files), [] if good else ['include_direction'], included)

    def test_tests_are_deterministic(self):
        rule = 'tests_are_deterministic'
        self.check(rule, 'tests/unit/a.cc', 'void F() { std::this_thread::sleep_for(1s); }\n')
        self.check(rule, 'tests/unit/a.cc', 'TEST(A, DISABLED_B) {}\n')
        for code in ('import time\ntime.sleep(1)\n', 'from time import sleep\n'):
            self.check(rule, 'tests/e2e/test_a.py', code)
            self.check(rule, 'tests/e2e/harness/a.py', code)
            self.check_clean('tests/e2e/harness/waiting.py', code)
        self.check(rule, 'tests/integration/a.cc', 'auto a = "127.0.0.1:5683";\n')
        self.check_clean('tests/integration/a.cc', 'auto a = "127.0.0.1:0";\n')

    def test_fuzzers_have_seeds(self):
        rule = ['fuzzers_have_seeds']
        fuzzer = {'tests/fuzz/CMakeLists.txt': 'lowband_fuzzer(fuzz_a SOURCES a.cc)\n'}
        seed = {'tests/fuzz/corpus/fuzz_a/1': 'x'}
        self.assertEqual(self.offences(fuzzer), rule)
        self.assertEqual(self.offences(seed), rule)
        self.assertEqual(self.offences(fuzzer | seed), [])
        loop = {'tests/fuzz/CMakeLists.txt':
                'lowband_fuzzer(fuzz_${part} SOURCES ${dir}/${part}.cc)\n'}
        self.assertEqual(self.offences(loop), rule)
        self.assertEqual(self.offences(loop | seed | {'tests/fuzz/a.cc': ''}), [])

    def test_tests_share_by_support(self):
        def files(header, *users):
            return {'tests/CMakeLists.txt': 'a.cc', header: GOOD_HEADER} | {
                f'tests/{user}/a.cc': f'#include "{header}"\n' for user in users}
        rule = ['tests_share_by_support']
        self.assertEqual(self.offences(files('tests/a/b.h', 'a')), [])
        self.assertEqual(self.offences(files('tests/a/b.h', 'a', 'c')), rule)
        self.assertEqual(self.offences(files('tests/support/b.h', 'a', 'c')), [])
        self.assertEqual(self.offences(files('tests/support/b.h', 'a', 'support')), [])
        self.assertEqual(self.offences(files('tests/support/b.h', 'a')), rule)

    def test_nothing_is_dead(self):
        self.assertEqual(self.offences({'libs/a/a.cc': ''}), ['nothing_is_dead'])
        self.assertEqual(self.offences({'libs/a/a.h': GOOD_HEADER}), ['nothing_is_dead'])

    def test_units_mirror_the_sources(self):
        built = {'tests/unit/CMakeLists.txt': 'a_test.cc a.h a.cc', 'libs/a/a.cc': ''}
        self.assertEqual(self.offences(built | {'tests/unit/libs/a/a_test.cc': ''}), [])
        self.assertEqual(self.offences(built | {'tests/unit/a/a_test.cc': ''}),
                         ['units_mirror_the_sources'])

    def test_unfinished(self):
        self.check('unfinished', 'libs/a/a.cc', '// TO' 'DO: more\n')

    def test_unneeded_exception_is_reported(self):
        with tempfile.TemporaryDirectory() as root:
            for service, stages in tidy.STAGES.items():
                file = pathlib.Path(root, service, 'CMakeLists.txt')
                file.parent.mkdir(parents=True)
                file.write_text(''.join(f'add_subdirectory({s})\n' for s in stages))
            found = list(tidy.offences(root, {('sans_io', 'libs/coap/a.cc'): 'why'}))
        self.assertEqual(len(found), 1)

    def test_strip_keeps_lines(self):
        text = 'a /* x\n y */ b\nR"(q\n"\n)" c\n\'{\' d\n'
        self.assertEqual(cpp_text.strip(text).split(), ['a', 'b', 'c', 'd'])
        self.assertEqual(cpp_text.strip(text).count('\n'), text.count('\n'))


if __name__ == '__main__':
    unittest.main()
