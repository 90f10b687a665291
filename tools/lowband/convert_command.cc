#include <CLI/CLI.hpp>
#include <map>
#include <memory>

#include "tools/lowband/commands.h"
#include "tools/lowband/compression.h"
#include "tools/lowband/convert.h"
#include "tools/lowband/help_format.h"

namespace lowband::tools {
namespace {

constexpr const char* kFooter =
    R"(INPUT is the data itself, @FILE, or - for standard input.

Without --to, data that begins with a byte of 0x80 or more counts as CBOR, all other data as JSON.
That is right for every Matrix body, since all are maps; for a single CBOR number or string use
--to json.

Examples:
  lowband convert '{"event_id":"$something"}'            # CBOR: a1 01 6a 24 ...
  lowband convert --hex '{"event_id":"$something"}'      # CBOR as hexadecimal digits
  lowband convert --hex a1016a24736f6d657468696e67       # back to JSON
  lowband convert -o body.cbor @body.json
  curl ... | lowband convert --no-canonical -

Exit status: 0 converted, 1 the input is wrong (its byte offset is named), 2 wrong flags or
files.)";

}  // namespace

std::function<int()> AddConvertCommand(CLI::App& app) {
  auto options = std::make_shared<ConvertOptions>();
  auto key_table = std::make_shared<unsigned>(1);
  CLI::App* command =
      app.add_subcommand("convert", "JSON to CBOR with Matrix's integer keys (MSC3079), and back");
  command->footer(kFooter);
  command->add_option("INPUT", options->input, "Text, @FILE or -")->required()->type_name("");
  const std::map<std::string, Format> formats = {{"json", Format::kJson}, {"cbor", Format::kCbor}};
  command
      ->add_option_function<std::string>(
          "--to", [options, formats](const std::string& name) { options->to = formats.at(name); },
          "Output format, json or cbor; default: the one that the input is not")
      ->check(Quiet(CLI::IsMember({"json", "cbor"})))
      ->type_name("FORMAT");
  command->add_flag_function(
      "--c2j", [options](int64_t) { options->to = Format::kJson; }, "As --to json; -c2j works too");
  command->add_flag("--hex", options->hex, "Write and read CBOR as hexadecimal digits");
  command->add_flag("--canonical,!--no-canonical", options->canonical,
                    "Sort keys, so that equal documents give equal bytes (default); or keep "
                    "their order");
  command->add_flag("--pretty", options->pretty, "Print JSON in indented lines");
  AddCompression(*command, options->compression);
  command
      ->add_option("--key-table", *key_table,
                   "For CBOR output. 1: keys of MSC3079 become integers. 0: every key stays a "
                   "string. Input may have both")
      ->check(Quiet(CLI::IsMember({0, 1})))
      ->type_name("VERSION")
      ->capture_default_str();
  command->add_option("-o,--out,--output", options->output, "File to write, or - (default)")
      ->type_name("FILE");
  return [options, key_table] {
    options->keys = *key_table == 0 ? transcode::KeyTable::kStrings : transcode::KeyTable::kV1;
    return RunConvert(*options);
  };
}

}  // namespace lowband::tools
