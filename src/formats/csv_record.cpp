#include <cstring>

#include "formats/csv.h"

namespace weir {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_csv_blank(char c) { return c == ' ' || c == '\t'; }

// Copies `text` into the arena, taking out the first of each pair of quotes. False: a quote stands alone.
bool undouble_quotes(std::string_view text, char quote, Arena& arena, FieldSpan& field) {
  char* out = arena.allocate(text.size() + kFieldPadding);
  size_t n = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == quote) {
      if (++i == text.size() || text[i] != quote) {
        arena.give_back(text.size() + kFieldPadding);
        return false;
      }
    }
    out[n++] = text[i];
  }
  arena.give_back(text.size() - n);
  std::memset(out + n, 0, kFieldPadding);
  field.ptr = out;
  field.len = static_cast<uint32_t>(n);
  return true;
}

void decode_escapes(std::string_view text, Arena& arena, FieldSpan& field) {
  char* out = arena.allocate(text.size() + kFieldPadding);
  size_t n = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\\' && i + 1 < text.size()) {
      switch (text[i + 1]) {
        case 't':
          c = '\t';
          ++i;
          break;
        case 'n':
          c = '\n';
          ++i;
          break;
        case 'r':
          c = '\r';
          ++i;
          break;
        case '\\': ++i; break;
        default: break;  // no escape: the backslash is itself
      }
    }
    out[n++] = c;
  }
  arena.give_back(text.size() - n);
  std::memset(out + n, 0, kFieldPadding);
  field.ptr = out;
  field.len = static_cast<uint32_t>(n);
}

}  // namespace

bool split_csv_fields(std::string_view record, const CsvDialect& dialect,
                      std::vector<FieldSpan>& fields) {
  fields.clear();
  bool inside = false;
  size_t begin = 0;
  const auto add = [&](size_t end) {
    fields.push_back(
        {record.data() + begin, static_cast<uint32_t>(end - begin), FieldSpan::kPlain});
    begin = end + 1;
  };
  for (size_t i = 0; i < record.size(); ++i) {
    if (dialect.quote != 0 && record[i] == dialect.quote) {
      inside = !inside;
    } else if (record[i] == dialect.delimiter && !inside) {
      add(i);
    }
  }
  add(record.size());
  return !inside;
}

const char* clean_csv_field(FieldSpan& field, const CsvDialect& dialect, Arena& arena) {
  std::string_view text = field.view();
  if (dialect.trim) {
    while (!text.empty() && is_csv_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_csv_blank(text.back())) text.remove_suffix(1);
    field.ptr = text.data();
    field.len = static_cast<uint32_t>(text.size());
  }
  if (dialect.escapes) {
    const bool is_null = dialect.nulls.has_text && text == dialect.nulls.text;  // \N, often
    if (!is_null && text.find('\\') != std::string_view::npos) {
      decode_escapes(text, arena, field);
      field.kind = FieldSpan::kQuoted;  // what reads as the NULL text now was written otherwise
    }
    return nullptr;
  }
  if (dialect.quote == 0 || text.empty()) return nullptr;
  if (text.front() != dialect.quote) {
    return text.find(dialect.quote) == std::string_view::npos ? nullptr
                                                              : "a quote inside an unquoted field";
  }
  if (text.size() < 2 || text.back() != dialect.quote) return "text after a closing quote";
  text = text.substr(1, text.size() - 2);
  field.kind = FieldSpan::kQuoted;
  field.ptr = text.data();
  field.len = static_cast<uint32_t>(text.size());
  if (text.find(dialect.quote) == std::string_view::npos) return nullptr;
  return undouble_quotes(text, dialect.quote, arena, field) ? nullptr
                                                            : "text after a closing quote";
}

size_t csv_record_end(std::string_view bytes, size_t from, const CsvDialect& dialect) {
  bool inside = false;
  for (size_t i = from; i < bytes.size(); ++i) {
    if (dialect.quote != 0 && bytes[i] == dialect.quote) {
      inside = !inside;
    } else if (bytes[i] == '\n' && !inside) {
      return i;
    }
  }
  return bytes.size();
}

size_t skip_to_csv_record(std::string_view bytes, size_t at, const CsvDialect& dialect) {
  if (at == 0 && bytes.starts_with(kByteOrderMark)) at = kByteOrderMark.size();
  while (at < bytes.size()) {
    if (bytes[at] == '\n') {
      ++at;
    } else if (bytes[at] == '\r' && (at + 1 == bytes.size() || bytes[at + 1] == '\n')) {
      at = at + 2 < bytes.size() ? at + 2 : bytes.size();
    } else if (dialect.comment != 0 && bytes[at] == dialect.comment) {
      const size_t end = csv_record_end(bytes, at, dialect);
      at = end < bytes.size() ? end + 1 : end;
    } else {
      break;
    }
  }
  return at;
}

}  // namespace weir
