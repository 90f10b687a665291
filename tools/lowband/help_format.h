// The layout of --help: CLI11's, with descriptions wrapped and without its internal marks.
//
// Threading: main.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace lowband::tools {

class HelpFormat : public CLI::Formatter {
 public:
  HelpFormat() { column_width(kNameColumns); }

  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    std::string name = CLI::Formatter::make_option_name(option, is_positional);
    constexpr std::string_view kNegated = "{false}";
    for (size_t at = name.find(kNegated); at != std::string::npos; at = name.find(kNegated)) {
      name.erase(at, kNegated.size());
    }
    return name;
  }

  std::string make_option_desc(const CLI::Option* option) const override {
    return Wrap(CLI::Formatter::make_option_desc(option));
  }

 private:
  static constexpr size_t kNameColumns = 32;
  static constexpr size_t kDescriptionColumns = 100 - kNameColumns;

  static std::string Wrap(const std::string& text) {
    std::string out;
    size_t column = 0;
    for (size_t at = 0; at < text.size();) {
      const size_t end = std::min(text.find(' ', at), text.size());
      if (column > 0 && column + 1 + (end - at) > kDescriptionColumns) {
        out.push_back('\n');
        column = 0;
      } else if (column > 0) {
        out.push_back(' ');
        ++column;
      }
      out.append(text, at, end - at);
      column += end - at;
      at = end + 1;
    }
    return out;
  }
};

/// A check whose bounds the option's help text already names.
template <class Check>
Check Quiet(Check check) {
  check.description("");
  return check;
}

}  // namespace lowband::tools
