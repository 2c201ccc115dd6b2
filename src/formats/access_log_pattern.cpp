#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "formats/access_log.h"
#include "formats/column_names.h"

namespace weir {
namespace {

struct KnownVariable {
  std::string_view name;
  TypeId type;
  std::string_view time_format;
};

// Of nginx's variables those that are not texts.
constexpr KnownVariable kNginxVariables[] = {
    {"body_bytes_sent", TypeId::kBigInt, {}},
    {"bytes_sent", TypeId::kBigInt, {}},
    {"connection", TypeId::kBigInt, {}},
    {"connection_requests", TypeId::kBigInt, {}},
    {"connection_time", TypeId::kDouble, {}},
    {"content_length", TypeId::kBigInt, {}},
    {"gzip_ratio", TypeId::kDouble, {}},
    {"msec", TypeId::kTimestamp, "epoch_s"},
    {"pid", TypeId::kInt, {}},
    {"remote_port", TypeId::kInt, {}},
    {"request_length", TypeId::kBigInt, {}},
    {"request_time", TypeId::kDouble, {}},
    {"server_port", TypeId::kInt, {}},
    {"status", TypeId::kInt, {}},
    {"time_iso8601", TypeId::kTimestamp, "iso8601"},
    {"time_local", TypeId::kTimestamp, "clf"},
};

struct ApacheDirective {
  char letter;
  std::string_view name;
  TypeId type;
};

// Apache's % directives without an argument; %t and %r are treated on their own.
constexpr ApacheDirective kApacheDirectives[] = {
    {'a', "client", TypeId::kString},      {'A', "server_ip", TypeId::kString},
    {'b', "bytes", TypeId::kBigInt},       {'B', "bytes", TypeId::kBigInt},
    {'D', "duration_us", TypeId::kBigInt}, {'f', "file", TypeId::kString},
    {'h', "host", TypeId::kString},        {'H', "protocol", TypeId::kString},
    {'I', "bytes_in", TypeId::kBigInt},    {'k', "keepalives", TypeId::kBigInt},
    {'l', "ident", TypeId::kString},       {'L', "log_id", TypeId::kString},
    {'m', "method", TypeId::kString},      {'O', "bytes_out", TypeId::kBigInt},
    {'p', "port", TypeId::kInt},           {'P', "pid", TypeId::kBigInt},
    {'q', "query", TypeId::kString},       {'R', "handler", TypeId::kString},
    {'s', "status", TypeId::kInt},         {'S', "bytes_both", TypeId::kBigInt},
    {'T', "duration_s", TypeId::kBigInt},  {'u', "user", TypeId::kString},
    {'U', "path", TypeId::kString},        {'v', "server", TypeId::kString},
    {'V', "server", TypeId::kString},      {'X', "connection_status", TypeId::kString},
};

Type log_type(TypeId id) { return id == TypeId::kTimestamp ? Type::timestamp(3) : Type(id); }

// Gathers literals and variables, and finishes with what depends on neighbours.
class PatternBuilder {
 public:
  void literal(std::string_view text) {
    (pattern_.elements.empty() ? pattern_.prefix : pattern_.elements.back().literal) += text;
  }
  // False: no literal stands between this variable and the one before it.
  bool variable(std::string name) {
    if (!pattern_.elements.empty() && pattern_.elements.back().literal.empty()) return false;
    const std::string& before =
        pattern_.elements.empty() ? pattern_.prefix : pattern_.elements.back().literal;
    LogElement element;
    element.name = std::move(name);
    element.quoted = before.ends_with('"');
    pattern_.elements.push_back(std::move(element));
    return true;
  }
  void column(std::string name, Type type, std::string_view time_format = {},
              LogPart part = LogPart::kWhole) {
    const auto element = static_cast<uint32_t>(pattern_.elements.size() - 1);
    pattern_.columns.push_back(
        {{std::move(name), std::move(type), std::string(time_format)}, element, part});
  }
  void request_columns() {
    column("method", Type::string(), {}, LogPart::kMethod);
    column("url", Type::string(), {}, LogPart::kUrl);
    column("protocol", Type::string(), {}, LogPart::kProtocol);
  }
  LogElement& last() { return pattern_.elements.back(); }

  LogPattern finish() {
    std::vector<std::string> names;
    for (const auto& c : pattern_.columns) names.push_back(c.column.name);
    names = unique_column_names(std::move(names));
    for (size_t i = 0; i < names.size(); ++i) pattern_.columns[i].column.name = names[i];
    for (auto& element : pattern_.elements)
      element.quoted = element.quoted && element.literal.starts_with('"');
    return std::move(pattern_);
  }

 private:
  LogPattern pattern_;
};

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// The strings of a configuration directive put together: 'a' "b" -> ab. Stops at anything else.
std::string joined_strings(std::string_view text) {
  std::string out;
  for (text = trimmed(text); !text.empty() && (text[0] == '\'' || text[0] == '"');
       text = trimmed(text)) {
    const char quote = text[0];
    size_t i = 1;
    for (; i < text.size() && text[i] != quote; ++i) {
      if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == quote || text[i + 1] == '\\'))
        ++i;
      out += text[i];
    }
    text.remove_prefix(std::min(i + 1, text.size()));
  }
  return out;
}

std::string_view after_word(std::string_view text) {
  size_t i = 0;
  while (i < text.size() && text[i] != ' ' && text[i] != '\t' && text[i] != '\n') ++i;
  return trimmed(text.substr(i));
}

// The bare format out of what was pasted.
std::string bare_format(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with("log_format ") || text.starts_with("log_format\t")) {
    text = after_word(after_word(text));  // the directive and the format's name
    if (text.starts_with("escape=")) text = after_word(text);
    return joined_strings(text);
  }
  if (text.starts_with("LogFormat ") || text.starts_with("LogFormat\t") ||
      text.starts_with("CustomLog "))
    return joined_strings(after_word(text));
  if (text.starts_with('\'')) return joined_strings(text);
  return std::string(text);
}

Result<LogPattern> not_separated(std::string_view name) {
  return fail(ErrorKind::kConfig,
              fmt::format("nothing separates `{}` from the variable before it", name),
              "a literal character between two variables tells where the first one ends");
}

Result<LogPattern> compile_nginx(std::string_view text) {
  PatternBuilder builder;
  bool any = false;
  for (size_t i = 0; i < text.size();) {
    if (text[i] != '$') {
      builder.literal(text.substr(i++, 1));
      continue;
    }
    const bool braces = i + 1 < text.size() && text[i + 1] == '{';
    const size_t begin = i + 1 + static_cast<size_t>(braces);
    size_t end = begin;
    while (end < text.size() && is_name_character(text[end])) ++end;
    if (end == begin || (braces && (end == text.size() || text[end] != '}')))
      return fail(ErrorKind::kConfig,
                  fmt::format("a `$` without a variable's name at character {}", i + 1));
    const std::string_view name = text.substr(begin, end - begin);
    i = end + static_cast<size_t>(braces);
    const std::string written = fmt::format("${}", name);
    if (!builder.variable(written)) return not_separated(written);
    any = true;
    const auto* known = std::find_if(std::begin(kNginxVariables), std::end(kNginxVariables),
                                     [&](const KnownVariable& v) { return v.name == name; });
    if (known != std::end(kNginxVariables)) {
      builder.column(std::string(name), log_type(known->type), known->time_format);
    } else {
      builder.column(std::string(name), Type::string());
    }
    if (name == "request") builder.request_columns();
  }
  if (!any) return fail(ErrorKind::kConfig, "the log format names no variable");
  return builder.finish();
}

// The column of a directive with an argument: %{Referer}i, %{ms}T, %{sec}t.
void add_apache_argument(PatternBuilder& builder, std::string_view argument, char letter) {
  if (letter == 't') {
    const std::string_view unit = argument == "sec"    ? "epoch_s"
                                  : argument == "msec" ? "epoch_ms"
                                  : argument == "usec" ? "epoch_us"
                                                       : "";
    if (unit.empty()) {
      builder.column("time",
                     Type::string());  // a strftime format: [source.schema] can name its inverse
    } else {
      builder.column("time", Type::timestamp(3), unit);
    }
    return;
  }
  if (letter == 'T') {
    builder.column(argument.empty() ? "duration_s" : fmt::format("duration_{}", argument),
                   Type::bigint());
    return;
  }
  std::string name(argument);
  for (char& c : name) {
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (!is_name_character(c)) c = '_';
  }
  builder.column(letter == 'C' ? "cookie_" + name : name, Type::string());
}

Result<LogPattern> compile_apache(std::string_view text) {
  PatternBuilder builder;
  std::vector<std::string> time_arguments;
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '\\' && i + 1 < text.size() &&
        (text[i + 1] == '"' || text[i + 1] == '\\' || text[i + 1] == 't')) {
      builder.literal(text[i + 1] == 't' ? std::string_view("\t") : text.substr(i + 1, 1));
      i += 2;
      continue;
    }
    if (text[i] != '%') {
      builder.literal(text.substr(i++, 1));
      continue;
    }
    const size_t start = i++;
    if (i < text.size() && text[i] == '%') {
      builder.literal(text.substr(i++, 1));
      continue;
    }
    // Conditions (%400,501{User-agent}i, %!200s) and < > do not change the form of the value.
    while (i < text.size() &&
           (std::isdigit(static_cast<unsigned char>(text[i])) != 0 || text[i] == ',' ||
            text[i] == '!' || text[i] == '<' || text[i] == '>')) {
      ++i;
    }
    std::string_view argument;
    bool has_argument = false;
    if (i < text.size() && text[i] == '{') {
      const size_t close = text.find('}', i);
      if (close == std::string_view::npos)
        return fail(ErrorKind::kConfig,
                    fmt::format("`{}` has no closing brace", text.substr(start)));
      argument = text.substr(i + 1, close - i - 1);
      has_argument = true;
      i = close + 1;
    }
    if (i == text.size())
      return fail(ErrorKind::kConfig, fmt::format("`{}` names no value", text.substr(start)));
    const char letter = text[i++];
    const std::string name(text.substr(start, i - start));
    if (letter == 't' && !has_argument) builder.literal("[");
    if (!builder.variable(name)) return not_separated(name);
    time_arguments.resize(time_arguments.size() + 1);
    if (letter == 't' && !has_argument) {
      builder.column("time", Type::timestamp(3), "clf");
      builder.literal("]");
    } else if (letter == 'r') {
      builder.request_columns();
      builder.column("request", Type::string());
    } else if (has_argument &&
               std::string_view("itTenoCa").find(letter) != std::string_view::npos) {
      if (letter == 't') time_arguments.back() = argument;
      add_apache_argument(builder, letter == 'a' ? "client" : argument, letter);
    } else {
      const auto* known =
          std::find_if(std::begin(kApacheDirectives), std::end(kApacheDirectives),
                       [&](const ApacheDirective& d) { return d.letter == letter; });
      if (known == std::end(kApacheDirectives))
        return fail(
            ErrorKind::kConfig, fmt::format("unknown directive `{}`", name),
            "directives are those of Apache's mod_log_config; nginx's variables begin with `$`");
      builder.column(std::string(known->name), log_type(known->type));
    }
  }
  LogPattern pattern = builder.finish();
  if (pattern.elements.empty()) return fail(ErrorKind::kConfig, "the log format names no variable");
  for (size_t e = 0; e < pattern.elements.size(); ++e) {
    const std::string& literal = pattern.elements[e].literal;
    if (literal.empty()) continue;
    for (size_t at = time_arguments[e].find(literal); at != std::string::npos;
         at = time_arguments[e].find(literal, at + 1)) {
      ++pattern.elements[e].skip;
    }
  }
  return pattern;
}

}  // namespace

Result<LogPattern> compile_log_pattern(std::string_view text) {
  const std::string format = bare_format(text);
  const bool apache =
      format.find('$') == std::string::npos && format.find('%') != std::string::npos;
  return apache ? compile_apache(format) : compile_nginx(format);
}

LogPattern common_log_pattern(bool combined) {
  PatternBuilder builder;
  const auto add = [&builder](std::string name, Type type, std::string_view literal,
                              std::string_view time_format = {}) {
    builder.variable(name);
    builder.column(std::move(name), std::move(type), time_format);
    builder.literal(literal);
  };
  add("host", Type::string(), " ");
  add("ident", Type::string(), " ");
  add("user", Type::string(), " [");
  add("time", Type::timestamp(3), "] \"", "clf");
  builder.variable("request");
  builder.request_columns();
  builder.literal("\" ");
  add("status", Type::integer(), " ");
  if (combined) {
    add("bytes", Type::bigint(), " \"");
    add("referer", Type::string(), "\" \"");
    add("user_agent", Type::string(), "\"");
  } else {
    add("bytes", Type::bigint(), " ");
    builder.last().or_end = true;
  }
  return builder.finish();
}

void split_request(std::string_view request, FieldSpan& method, FieldSpan& url,
                   FieldSpan& protocol) {
  const auto span = [](std::string_view text) {
    return FieldSpan{text.data(), static_cast<uint32_t>(text.size()), FieldSpan::kPlain};
  };
  const size_t first = request.find(' ');
  const size_t last = request.rfind(' ');
  bool good = first != std::string_view::npos && first > 0 && last > first + 1 &&
              last + 1 < request.size() && request.find('/', last) != std::string_view::npos;
  for (size_t i = 0; good && i < first; ++i) {
    const char c = request[i];
    good = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
  }
  if (!good) {
    method = absent_field();
    url = span(request);
    protocol = absent_field();
    return;
  }
  method = span(request.substr(0, first));
  url = span(request.substr(first + 1, last - first - 1));
  protocol = span(request.substr(last + 1));
}

}  // namespace weir
