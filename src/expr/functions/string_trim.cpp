// TRIM, LTRIM, RTRIM, BTRIM: views of their input without certain characters at its ends.
// The characters to take away are a set; without one it is the space alone, as in Flink.
#include <cstring>

#include "expr/functions/arguments.h"
#include "expr/functions/find_bytes.h"
#include "expr/functions/map_rows.h"
#include "expr/functions/string_families.h"
#include "expr/functions/utf8.h"

namespace weir {
namespace {

enum class Ends { kBoth, kLeading, kTrailing };

template <Ends kEnds>
StringRef trim_byte(StringRef s, char c) {
  const char* begin = s.ptr;
  const char* end = s.ptr + s.len;
  if constexpr (kEnds != Ends::kTrailing) {
    while (begin < end && *begin == c) ++begin;
  }
  if constexpr (kEnds != Ends::kLeading) {
    while (begin < end && end[-1] == c) --end;
  }
  return {begin, static_cast<size_t>(end - begin)};
}

// Is the character at begin..end one of the set's?
bool in_set(StringRef set, const char* begin, const char* end) {
  return find_bytes(set.ptr, set.len, begin, static_cast<size_t>(end - begin)) != kNotFound;
}

template <Ends kEnds>
StringRef trim_set(EvalContext&, StringRef s, StringRef set) {
  if (set.len == 0) return s;
  if (set.len == 1) return trim_byte<kEnds>(s, set.ptr[0]);
  const char* begin = s.ptr;
  const char* end = s.ptr + s.len;
  if constexpr (kEnds != Ends::kTrailing) {
    while (begin < end) {
      const char* next = utf8_advance(begin, end, 1);
      if (!in_set(set, begin, next)) break;
      begin = next;
    }
  }
  if constexpr (kEnds != Ends::kLeading) {
    while (begin < end) {
      const char* last = utf8_retreat(begin, end, 1);
      if (!in_set(set, last, end)) break;
      end = last;
    }
  }
  return {begin, static_cast<size_t>(end - begin)};
}

template <Ends kEnds>
StringRef trim_spaces(EvalContext&, StringRef s) {
  return trim_byte<kEnds>(s, ' ');
}

template <Ends kEnds>
Kernel trim_kernel() {
  // The parameters are mode, set, s; the mode is a literal that binding has read.
  return [](std::span<const ColumnPtr> args, size_t rows, EvalContext& context) {
    return map_rows<StringRef>(Type::string(), args.subspan(1), rows, context, [&](size_t i) {
      return trim_set<kEnds>(context, args[2]->at<StringRef>(i), args[1]->at<StringRef>(i));
    });
  };
}

// TRIM(s) or TRIM(mode, set, s).
Result<BoundCall> bind_trim(std::span<const ExprPtr> args) {
  const Type text = Type::string();
  const std::vector<Type> types(args.size(), text);
  if (auto ok = check_count("TRIM", args, 1, 3); !ok) return fail(ok.error());
  if (auto ok = check_types("TRIM", args, types); !ok) return fail(ok.error());
  if (args.size() == 1) {
    return BoundCall{types, text, scalar<trim_spaces<Ends::kBoth>>("", "", "", "", "").kernel};
  }
  if (args.size() == 3) {
    const auto mode = literal_text(args, 0);
    if (mode == "BOTH") return BoundCall{types, text, trim_kernel<Ends::kBoth>()};
    if (mode == "LEADING") return BoundCall{types, text, trim_kernel<Ends::kLeading>()};
    if (mode == "TRAILING") return BoundCall{types, text, trim_kernel<Ends::kTrailing>()};
  }
  return fail(ErrorKind::kConfig,
              "TRIM is written TRIM([BOTH | LEADING | TRAILING] [chars] FROM s)",
              "BTRIM, LTRIM and RTRIM take (s, chars)");
}

FunctionDescriptor trim_function() {
  FunctionDescriptor d;
  d.name = "TRIM";
  d.signature = "TRIM([BOTH | LEADING | TRAILING] [chars STRING] FROM s STRING) -> STRING";
  d.doc = "Gives s without the characters of chars (default: the space) at its ends.";
  d.example = "TRIM(BOTH 'x' FROM 'xxhixx')";
  d.result = "hi";
  d.bind = bind_trim;
  return d;
}

}  // namespace

FunctionList string_trim_functions() {
  return {
      trim_function(),
      scalar<trim_spaces<Ends::kLeading>>("LTRIM", "LTRIM(s STRING) -> STRING",
                                          "Gives s without the spaces at its start.",
                                          "LTRIM('  ab ')", "ab "),
      scalar<trim_set<Ends::kLeading>>("LTRIM", "LTRIM(s STRING, chars STRING) -> STRING",
                                       "Gives s without the characters of chars at its start.",
                                       "LTRIM('zzabz', 'yz')", "abz"),
      scalar<trim_spaces<Ends::kTrailing>>("RTRIM", "RTRIM(s STRING) -> STRING",
                                           "Gives s without the spaces at its end.",
                                           "RTRIM('ab  ')", "ab"),
      scalar<trim_set<Ends::kTrailing>>("RTRIM", "RTRIM(s STRING, chars STRING) -> STRING",
                                        "Gives s without the characters of chars at its end.",
                                        "RTRIM('abzyz', 'yz')", "ab"),
      scalar<trim_spaces<Ends::kBoth>>("BTRIM", "BTRIM(s STRING) -> STRING",
                                       "Gives s without the spaces at both ends.",
                                       "BTRIM('  ab  ')", "ab"),
      scalar<trim_set<Ends::kBoth>>("BTRIM", "BTRIM(s STRING, chars STRING) -> STRING",
                                    "Gives s without the characters of chars at both ends.",
                                    "BTRIM('/www.apache.org/', '/')", "www.apache.org"),
  };
}

}  // namespace weir
