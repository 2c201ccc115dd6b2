#include "expr/functions/json_path.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace weir {
namespace {

bool is_name(char c) {
  return c == '_' || c == '$' || c == '-' || c == '@' || static_cast<unsigned char>(c) >= 0x80 ||
         static_cast<unsigned char>(c - '0') <= 9 ||
         static_cast<unsigned char>((c | 0x20) - 'a') < 26;
}

std::string_view trim_blanks(std::string_view s) {
  while (!s.empty() && json_detail::is_blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && json_detail::is_blank(s.back())) s.remove_suffix(1);
  return s;
}

bool read_index(std::string_view s, int64_t& out) {
  s = trim_blanks(s);
  const auto r = std::from_chars(s.data(), s.data() + s.size(), out);
  return r.ec == std::errc() && r.ptr == s.data() + s.size();
}

}  // namespace

Result<JsonPath> JsonPath::parse(std::string_view text) {
  JsonPath path;
  std::string_view rest = trim_blanks(text);
  const auto wrong = [&](std::string_view what) {
    return fail(ErrorKind::kConfig,
                "wrong JSON path `" + std::string(text) + "`: " + std::string(what),
                "a path looks like $.store.book[0]['title'] or $.items[*].price");
  };
  for (const std::string_view mode : {std::string_view("strict"), std::string_view("lax")}) {
    if (rest.starts_with(mode) && rest.size() > mode.size() &&
        json_detail::is_blank(rest[mode.size()])) {
      path.strict_ = mode == "strict";
      rest = trim_blanks(rest.substr(mode.size()));
      break;
    }
  }
  if (rest.empty() || rest[0] != '$') return wrong("it must begin with `$`");
  size_t i = 1;
  while (i < rest.size()) {
    Step step;
    if (rest[i] == '.') {
      ++i;
      if (i < rest.size() && rest[i] == '.') return wrong("`..` is not supported");
      if (i < rest.size() && rest[i] == '*') {
        step.kind = Step::Kind::kAll;
        ++i;
      } else if (i < rest.size() && rest[i] == '"') {
        const size_t close = rest.find('"', i + 1);
        if (close == std::string_view::npos) return wrong("the quote is not closed");
        step.key = rest.substr(i + 1, close - i - 1);
        i = close + 1;
      } else {
        const size_t begin = i;
        while (i < rest.size() && is_name(rest[i])) ++i;
        if (i == begin) return wrong("a key is missing after `.`");
        step.key = rest.substr(begin, i - begin);
      }
    } else if (rest[i] == '[') {
      ++i;
      while (i < rest.size() && json_detail::is_blank(rest[i])) ++i;
      if (i < rest.size() && (rest[i] == '\'' || rest[i] == '"')) {
        const char quote = rest[i++];
        for (; i < rest.size() && rest[i] != quote; ++i) {
          if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
          step.key += rest[i];
        }
        if (i == rest.size()) return wrong("the quote is not closed");
        ++i;
        while (i < rest.size() && json_detail::is_blank(rest[i])) ++i;
        if (i == rest.size() || rest[i] != ']') return wrong("`]` is missing");
        ++i;
      } else {
        const size_t close = rest.find(']', i);
        if (close == std::string_view::npos) return wrong("`]` is missing");
        const std::string_view inside = trim_blanks(rest.substr(i, close - i));
        i = close + 1;
        const size_t colon = inside.find(':');
        if (inside == "*") {
          step.kind = Step::Kind::kAll;
        } else if (colon != std::string_view::npos) {
          step.kind = Step::Kind::kSlice;
          step.last = std::numeric_limits<int64_t>::max();
          const std::string_view from = trim_blanks(inside.substr(0, colon));
          const std::string_view to = trim_blanks(inside.substr(colon + 1));
          if ((!from.empty() && !read_index(from, step.index)) ||
              (!to.empty() && !read_index(to, step.last))) {
            return wrong("`" + std::string(inside) + "` is no range of indexes");
          }
        } else {
          step.kind = Step::Kind::kIndex;
          if (!read_index(inside, step.index)) {
            return wrong("`" + std::string(inside) + "` is no index; keys go in quotes");
          }
        }
      }
    } else {
      return wrong("unexpected `" + std::string(rest.substr(i)) + "`");
    }
    path.many_ = path.many_ || step.kind == Step::Kind::kAll || step.kind == Step::Kind::kSlice;
    path.steps_.push_back(std::move(step));
  }
  return path;
}

std::optional<JsonValue> JsonPath::one(const Step& step, JsonValue value) {
  std::optional<JsonValue> found;
  if (step.kind == Step::Kind::kKey) {
    if (value.kind != JsonKind::kObject) return std::nullopt;
    for_each_member(value, [&](std::string_view key, JsonValue v) {
      if (json_string_is(key, step.key)) found = v;
      return true;
    });
    return found;
  }
  if (value.kind != JsonKind::kArray) return std::nullopt;
  int64_t index = step.index;
  if (index < 0) {
    for_each_element(value, [&](JsonValue) { return ++index, true; });
    if (index < 0) return std::nullopt;
  }
  for_each_element(value, [&](JsonValue v) {
    if (index-- > 0) return true;
    found = v;
    return false;
  });
  return found;
}

void JsonPath::all(size_t at, JsonValue value, std::vector<JsonValue>& out) const {
  if (at == steps_.size()) {
    out.push_back(value);
    return;
  }
  const Step& step = steps_[at];
  if (step.kind == Step::Kind::kKey || step.kind == Step::Kind::kIndex) {
    if (const auto v = one(step, value)) all(at + 1, *v, out);
    return;
  }
  if (value.kind == JsonKind::kObject && step.kind == Step::Kind::kAll) {
    for_each_member(value,
                    [&](std::string_view, JsonValue v) { return all(at + 1, v, out), true; });
  }
  if (value.kind != JsonKind::kArray) return;
  int64_t first = 0;
  int64_t last = std::numeric_limits<int64_t>::max();
  if (step.kind == Step::Kind::kSlice) {
    first = step.index;
    last = step.last;
    if (first < 0 || last < 0) {
      int64_t length = 0;
      for_each_element(value, [&](JsonValue) { return ++length, true; });
      if (first < 0) first = std::max<int64_t>(first + length, 0);
      if (last < 0) last += length;
    }
  }
  int64_t index = 0;
  for_each_element(value, [&](JsonValue v) {
    if (index >= last) return false;
    if (index++ >= first) all(at + 1, v, out);
    return true;
  });
}

JsonFound JsonPath::find(JsonValue document) const {
  JsonFound found;
  if (many_) {
    found.many = true;
    all(0, document, found.values);
    found.missing = found.values.empty();
    return found;
  }
  std::optional<JsonValue> value = document;
  for (const Step& step : steps_) {
    value = one(step, *value);
    if (!value) return found;
  }
  found.missing = false;
  found.value = *value;
  return found;
}

}  // namespace weir
