// The SQL spelling of types. Recursive descent straight over the bytes: types hold few tokens and
// are parsed once per pipeline.
#include <array>
#include <cctype>
#include <optional>

#include "base/spelling.h"
#include "data/type.h"

namespace weir {

namespace {

constexpr int kMaxDepth = 100;

struct SimpleName {
  std::string_view name;
  TypeId id;
};
constexpr std::array<SimpleName, 17> kSimpleNames = {{
    {"BOOLEAN", TypeId::kBoolean},
    {"TINYINT", TypeId::kTinyInt},
    {"SMALLINT", TypeId::kSmallInt},
    {"INT", TypeId::kInt},
    {"INTEGER", TypeId::kInt},
    {"BIGINT", TypeId::kBigInt},
    {"FLOAT", TypeId::kFloat},
    {"DOUBLE", TypeId::kDouble},
    {"STRING", TypeId::kString},
    {"TEXT", TypeId::kString},
    {"CHAR", TypeId::kString},
    {"CHARACTER", TypeId::kString},
    {"VARCHAR", TypeId::kString},
    {"BYTES", TypeId::kBytes},
    {"BINARY", TypeId::kBytes},
    {"VARBINARY", TypeId::kBytes},
    {"DATE", TypeId::kDate},
}};
constexpr std::array<std::string_view, 28> kAllNames = {
    "BOOLEAN", "TINYINT", "SMALLINT",  "INT",     "INTEGER",       "BIGINT",   "FLOAT",
    "DOUBLE",  "STRING",  "TEXT",      "CHAR",    "CHARACTER",     "VARCHAR",  "BYTES",
    "BINARY",  "DATE",    "VARBINARY", "DECIMAL", "NUMERIC",       "DEC",      "TIME",
    "ARRAY",   "MAP",     "TIMESTAMP", "ROW",     "TIMESTAMP_LTZ", "INTERVAL", "NULL"};

bool is_name_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

class TypeParser {
 public:
  TypeParser(std::string_view text, bool prefix) : text_(text), prefix_(prefix) {}

  Result<Type> parse_whole() {
    auto type = parse();
    if (!type) return type;
    skip_space();
    if (pos_ < text_.size()) {
      return error(pos_, "expected the end of the type, found `" + rest_word() + "`");
    }
    return type;
  }

  Result<Type> parse() {
    if (++depth_ > kMaxDepth) return error(pos_, "the type is nested too deeply");
    auto type = parse_plain();
    --depth_;
    if (!type) return type;
    for (;;) {
      if (accept_words({"NOT", "NULL"})) continue;
      // After a prefix NULL may begin something else: RETURNING INT NULL ON EMPTY.
      if (!(prefix_ && depth_ == 0) && accept_words({"NULL"})) continue;
      if (accept_words({"ARRAY"})) {
        type = Type::array(std::move(*type));
        continue;
      }
      return type;
    }
  }

  // One past the last byte that belongs to the type.
  size_t end() const { return end_; }

 private:
  Result<Type> parse_plain() {
    skip_space();
    const size_t start = pos_;
    const std::string name = upper(word());
    if (name.empty()) {
      return error(start, start == text_.size() ? std::string("expected a type")
                                                : "expected a type, found `" + rest_word() + "`");
    }
    if (name == "ARRAY" || name == "MAP" || name == "ROW") return parse_nested(name, start);
    if (name == "MULTISET" || name == "RAW" || name == "VARIANT" || name == "BITMAP") {
      return error(start, "the type " + name + " is not supported", name.size());
    }
    if (name == "DECIMAL" || name == "NUMERIC" || name == "DEC") return parse_decimal(start);
    if (name == "TIME") return parse_time(start);
    if (name == "TIMESTAMP" || name == "TIMESTAMP_LTZ") return parse_timestamp(name, start);
    if (name == "INTERVAL") return parse_interval();
    if (name == "NULL") return Type::null();
    for (const auto& simple : kSimpleNames) {
      if (simple.name != name) continue;
      if (name == "DOUBLE") accept_words({"PRECISION"});
      if (name == "CHARACTER") accept_words({"VARYING"});
      if (simple.id == TypeId::kString || simple.id == TypeId::kBytes) {
        auto length = parenthesised(1, 2147483647, "length");
        if (!length) return std::unexpected(length.error());
      }
      return Type{simple.id};
    }
    auto e = error(start, "unknown type `" + std::string(text_.substr(start, name.size())) + "`",
                   name.size());
    const std::string near = nearest_name(name, std::span<const std::string_view>(kAllNames));
    if (!near.empty()) e.error().hint = "did you mean `" + near + "`?";
    return e;
  }

  Result<Type> parse_decimal(size_t start) {
    if (!accept('(')) return Type::decimal(10, 0);
    auto precision = number(1, 38, "precision");
    if (!precision) return std::unexpected(precision.error());
    int scale = 0;
    if (accept(',')) {
      auto s = number(0, 38, "scale");
      if (!s) return std::unexpected(s.error());
      scale = *s;
    }
    if (!accept(')')) return error(pos_, "expected `)` after the precision");
    if (scale > *precision) {
      return error(start, "the scale of a DECIMAL may not be larger than its precision",
                   pos_ - start);
    }
    return Type::decimal(*precision, scale);
  }

  Result<Type> parse_time(size_t start) {
    auto precision = parenthesised(0, 9, "precision");
    if (!precision) return std::unexpected(precision.error());
    if (accept_words({"WITH", "TIME", "ZONE"})) {
      return error(start, "TIME WITH TIME ZONE is not supported", pos_ - start);
    }
    accept_words({"WITHOUT", "TIME", "ZONE"});
    return Type::time(static_cast<uint8_t>(precision->value_or(0)));
  }

  Result<Type> parse_timestamp(std::string_view name, size_t start) {
    auto precision = parenthesised(0, 9, "precision");
    if (!precision) return std::unexpected(precision.error());
    const auto p = static_cast<uint8_t>(precision->value_or(6));
    if (name == "TIMESTAMP_LTZ") return Type::timestamp_ltz(p);
    if (accept_words({"WITH", "LOCAL", "TIME", "ZONE"})) return Type::timestamp_ltz(p);
    if (accept_words({"WITH", "TIME", "ZONE"})) {
      auto e = error(start, "TIMESTAMP WITH TIME ZONE is not supported", pos_ - start);
      e.error().hint = "TIMESTAMP_LTZ is an instant shown in the session's zone";
      return e;
    }
    accept_words({"WITHOUT", "TIME", "ZONE"});
    return Type::timestamp(p);
  }

  Result<Type> parse_interval() {
    const size_t at = pos_;
    auto first = interval_unit();
    if (!first) return std::unexpected(first.error());
    if (accept_words({"TO"})) {
      auto last = interval_unit();
      if (!last) return std::unexpected(last.error());
      if (last->id != first->id) {
        return error(at, "an INTERVAL is either YEAR TO MONTH or DAY TO SECOND", pos_ - at);
      }
    }
    return *first;
  }

  Result<Type> interval_unit() {
    skip_space();
    const size_t start = pos_;
    const std::string unit = upper(word());
    auto precision = parenthesised(0, 9, "precision");
    if (!precision) return std::unexpected(precision.error());
    for (const std::string_view u : {"YEAR", "QUARTER", "MONTH"}) {
      if (unit == u) return Type{TypeId::kIntervalMonths};
    }
    for (const std::string_view u : {"WEEK", "DAY", "HOUR", "MINUTE", "SECOND"}) {
      if (unit == u) return Type{TypeId::kIntervalMillis};
    }
    return error(start, "expected YEAR, MONTH, DAY, HOUR, MINUTE or SECOND after INTERVAL",
                 unit.size());
  }

  Result<Type> parse_nested(std::string_view name, size_t start) {
    const char close = accept('<') ? '>' : (name == "ROW" && accept('(')) ? ')' : '\0';
    if (close == '\0') {
      return error(start, "expected `<` after " + std::string(name), name.size());
    }
    std::vector<Type::Field> fields;
    for (;;) {
      Type::Field field;
      if (name == "ROW") {
        skip_space();
        if (fields.empty() && accept(close)) {
          return error(start, "a ROW needs at least one field", name.size());
        }
        auto field_name_text = field_name();
        if (!field_name_text) return std::unexpected(field_name_text.error());
        field.name = std::move(*field_name_text);
        for (const auto& other : fields) {
          if (other.name == field.name) {
            return error(pos_ - field.name.size(), "the field `" + field.name + "` is there twice",
                         field.name.size());
          }
        }
      }
      auto type = parse();
      if (!type) return type;
      field.type = std::move(*type);
      fields.push_back(std::move(field));
      if (name == "ROW") skip_comment();
      if (accept(',')) continue;
      if (accept(close)) break;
      skip_space();
      return error(pos_, std::string("expected `,` or `") + close + "`" +
                             (pos_ < text_.size() ? ", found `" + rest_word() + "`" : ""));
    }
    if (name == "ROW") return Type::row(std::move(fields));
    const size_t wanted = name == "MAP" ? 2 : 1;
    if (fields.size() != wanted) {
      return error(start,
                   name == "MAP" ? "a MAP has a key and a value type: MAP<STRING, INT>"
                                 : "an ARRAY has one element type: ARRAY<INT>",
                   pos_ - start);
    }
    if (name == "MAP") return Type::map(std::move(fields[0].type), std::move(fields[1].type));
    return Type::array(std::move(fields[0].type));
  }

  Result<std::string> field_name() {
    skip_space();
    const size_t start = pos_;
    if (pos_ < text_.size() && text_[pos_] == '`') {
      std::string name;
      for (++pos_; pos_ < text_.size(); ++pos_) {
        if (text_[pos_] != '`') {
          name += text_[pos_];
        } else if (pos_ + 1 < text_.size() && text_[pos_ + 1] == '`') {
          name += text_[pos_++];
        } else {
          end_ = ++pos_;
          return name;
        }
      }
      return error(start, "the backquote is never closed");
    }
    const std::string_view name = word();
    if (name.empty()) return error(start, "expected a field name");
    return std::string(name);
  }

  // ROW<a INT 'a comment'>
  void skip_comment() {
    skip_space();
    if (pos_ >= text_.size() || text_[pos_] != '\'') return;
    const size_t close = text_.find('\'', pos_ + 1);
    if (close != std::string_view::npos) end_ = pos_ = close + 1;
  }

  // An optional "(n)".
  Result<std::optional<int>> parenthesised(int low, int high, std::string_view what) {
    if (!accept('(')) return std::optional<int>();
    auto n = number(low, high, what);
    if (!n) return std::unexpected(n.error());
    if (!accept(')')) return error(pos_, "expected `)` after the " + std::string(what));
    return std::optional<int>(*n);
  }

  Result<int> number(int low, int high, std::string_view what) {
    skip_space();
    const size_t start = pos_;
    int64_t n = 0;
    while (pos_ < text_.size() && text_[pos_] >= '0' && text_[pos_] <= '9' && n < 1'000'000'000'000)
      n = n * 10 + (text_[pos_++] - '0');
    if (pos_ == start || n < low || n > high) {
      return error(start,
                   "the " + std::string(what) + " must be a number from " + std::to_string(low) +
                       " to " + std::to_string(high),
                   pos_ > start ? pos_ - start : 1);
    }
    end_ = pos_;
    return static_cast<int>(n);
  }

  void skip_space() {
    while (pos_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[pos_])) != 0)
      ++pos_;
  }

  std::string_view word() {
    skip_space();
    const size_t start = pos_;
    while (pos_ < text_.size() && is_name_char(text_[pos_])) ++pos_;
    if (pos_ > start) end_ = pos_;
    return text_.substr(start, pos_ - start);
  }

  bool accept(char c) {
    const size_t before = pos_;
    skip_space();
    if (pos_ < text_.size() && text_[pos_] == c) {
      end_ = ++pos_;
      return true;
    }
    pos_ = before;
    return false;
  }

  bool accept_words(std::initializer_list<std::string_view> words) {
    const size_t before = pos_;
    const size_t end_before = end_;
    for (const auto w : words) {
      if (upper(word()) != w) {
        pos_ = before;
        end_ = end_before;
        return false;
      }
    }
    return true;
  }

  std::string rest_word() const {
    size_t end = pos_;
    while (end < text_.size() && is_name_char(text_[end])) ++end;
    return std::string(text_.substr(pos_, end > pos_ ? end - pos_ : 1));
  }

  static std::unexpected<Error> error(size_t at, std::string message, size_t length = 1) {
    Error e;
    e.kind = ErrorKind::kConfig;
    e.message = std::move(message);
    e.position.column = static_cast<int>(at) + 1;
    e.position.length = static_cast<int>(length > 0 ? length : 1);
    return std::unexpected(std::move(e));
  }

  std::string_view text_;
  bool prefix_;
  size_t pos_ = 0;
  size_t end_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<Type> parse_type(std::string_view text) { return TypeParser(text, false).parse_whole(); }

Result<Type> parse_type_prefix(std::string_view text, size_t& length) {
  TypeParser parser(text, true);
  auto type = parser.parse();
  length = parser.end();
  return type;
}

}  // namespace weir
