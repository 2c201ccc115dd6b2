#include "sql/connector_options.h"

#include <array>
#include <functional>

#include "base/spelling.h"
#include "sql/tree_nodes.h"

namespace weir::sql {

namespace {

// An option of one of Flink's formats: which key of the format it sets. Without a key it is a switch that
// only has one value here.
struct FormatOption {
  std::string_view format;
  std::string_view name;
  std::string_view key;
  std::string_view only;  // the value that it may have; empty: any
};
constexpr std::array<FormatOption, 14> kFormatOptions = {{
    {"csv", "field-delimiter", "delimiter", ""},
    {"csv", "quote-character", "quote", ""},
    {"csv", "null-literal", "null", ""},
    {"csv", "disable-quote-character", "", ""},
    {"csv", "allow-comments", "", ""},
    {"csv", "ignore-parse-errors", "", ""},
    {"csv", "write-bigdecimal-in-scientific-notation", "", "false"},
    {"json", "ignore-parse-errors", "", ""},
    {"json", "fail-on-missing-field", "", "false"},
    {"json", "timestamp-format.standard", "", ""},
    {"json", "encode.ignore-null-fields", "leave_out_nulls", ""},
    {"json", "encode.decimal-as-plain-number", "", "true"},
    {"json", "map-null-key.mode", "", "FAIL"},
    {"raw", "charset", "", "UTF-8"},
}};

class ConnectorReader {
 public:
  ConnectorReader(const CreateTable& create, bool is_source, const SourceText& text, Errors& errors)
      : create_(create), is_source_(is_source), text_(text), errors_(errors) {}

  ConnectorTable read() {
    const Option* connector = find("connector");
    if (connector == nullptr) {
      complain(create_.name.place, "the table has no connector",
               "WITH ('connector' = 'filesystem', 'path' = '...', 'format' = 'csv')");
      return std::move(out_);
    }
    out_.table.position = at(create_.name.place);
    const std::string& name = connector->value.text;
    flink_ = name == "filesystem" || name == "print" || name == "blackhole";
    put(out_.table, "type",
        text_node(name == "filesystem" ? "file" : name, at(connector->value.place)));
    if (const Option* format = find("format")) {
      format_ = format->value.text;
      const bool raw = format_ == "raw";
      put(table_at(out_.table, "format", at(format->value.place)), "name",
          text_node(raw ? "text" : format_, at(format->value.place)));
      // Flink's CSV files have no header.
      if (name == "filesystem" && format_ == "csv")
        set_format("header", flag_node(false, at(format->value.place)));
    } else if (name == "filesystem") {
      complain(connector->value.place, "the filesystem connector needs a format",
               "'format' = 'csv' or 'format' = 'json'");
    }
    for (const auto& option : create_.options) take(option);
    return std::move(out_);
  }

 private:
  const Option* find(std::string_view key) const {
    for (const auto& option : create_.options)
      if (option.key.text == key) return &option;
    return nullptr;
  }
  Position at(const Place& place) const { return text_.at(place.offset, place.length); }
  void complain(const Place& place, std::string message, std::string hint = {}) {
    errors_.push_back({ErrorKind::kConfig, std::move(message), at(place), std::move(hint), {}});
  }
  void set_format(const std::string& key, Node value) {
    put(table_at(out_.table, "format", value.position), key, std::move(value));
  }

  void take(const Option& option) {
    const std::string& key = option.key.text;
    const Position place = at(option.value.place);
    if (key == "connector" || key == "format") return;
    if (!format_.empty() && key.starts_with(format_ + ".")) {
      take_format(option, key.substr(format_.size() + 1));
    } else if (key == "path" || key == "url") {
      put(out_.table, key, text_node(option.value.text, place));
    } else if (!flink_ || (key == "append" || key == "overwrite" || key == "compression")) {
      const size_t dot = key.rfind('.');
      Node& table =
          dot == std::string::npos ? out_.table : table_at(out_.table, key.substr(0, dot), place);
      // Only a sink has these.
      if (is_source_ && flink_ && key != "compression") return;
      put(table, dot == std::string::npos ? key : key.substr(dot + 1),
          value_node(option.value.text, place));
    } else {
      std::vector<std::string> known = {"connector", "path", "format", "append"};
      complain(
          option.key.place,
          "the " + find("connector")->value.text + " connector has no option '" + key + "' here",
          spelling_hint(key, known));
    }
  }

  void take_format(const Option& option, const std::string& key) {
    const Position place = at(option.value.place);
    const std::string& value = option.value.text;
    const bool yes = value == "true";
    const FormatOption* known = nullptr;
    for (const auto& o : kFormatOptions)
      if (o.format == format_ && o.name == key) known = &o;
    if (known == nullptr) {
      set_format(key, value_node(value, place));  // the format knows its keys
    } else if (!known->only.empty()) {
      if (value != known->only)
        complain(option.value.place,
                 "'" + option.key.text + "' = '" + value + "' is not available in this version",
                 "it is always '" + std::string(known->only) + "'");
    } else if (!known->key.empty()) {
      set_format(std::string(known->key), key == "encode.ignore-null-fields"
                                              ? flag_node(yes, place)
                                              : text_node(value, place));
    } else if (key == "ignore-parse-errors") {
      out_.skip_bad_records = yes;
    } else if (key == "disable-quote-character") {
      if (yes) set_format("quote", text_node("", place));
    } else if (key == "allow-comments") {
      if (yes) set_format("comment", text_node("#", place));
    } else {
      set_format("times", text_node(value == "ISO-8601" ? "iso8601" : "sql", place));
    }
  }

  const CreateTable& create_;
  const bool is_source_;
  const SourceText& text_;
  Errors& errors_;
  ConnectorTable out_;
  std::string format_;
  bool flink_ = false;
};

}  // namespace

ConnectorTable connector_table(const CreateTable& create, bool is_source, const SourceText& text,
                               Errors& errors) {
  return ConnectorReader(create, is_source, text, errors).read();
}

}  // namespace weir::sql
