// Lines of JSON objects into batches.
//
// A record is a line: one JSON object. Blank lines are no records; a byte order mark at the start
// of a partition and NULs at the start of a line (what a crash leaves in a log) are passed over. A
// missing field and null are NULL; of equal keys the first counts. Rejected: text that is not valid
// JSON or UTF-8, anything but an object, a value that does not fit its column's type.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "formats/format.h"
#include "formats/json_scan.h"

namespace weir {

// A column and where its value stands in the object.
struct JsonColumn {
  std::string name;
  Type type;
  std::string format;             // of times
  std::vector<std::string> path;  // keys from the outermost; at least one
};

// The keys of a path: "actor.login" or, for keys that hold dots themselves, a JSON Pointer "/a.b/c"
// (RFC 6901). Error: an empty key.
Result<std::vector<std::string>> parse_json_path(const std::string& path);

// Checks that JSON can fill the column. Error: kConfig.
Result<void> check_json_column(const JsonColumn& column, const FormatContext& context);
// The columns of [source.schema], each with its path; `check` says whether values of its type can be read. Problems go to
// `errors`, with the place of what is wrong.
std::vector<JsonColumn> declared_json_columns(
    const FormatContext& context, Errors& errors,
    const std::function<Result<void>(const JsonColumn&)>& check);

// The columns must have been checked. `level` is for tests.
std::unique_ptr<Decoder> make_json_decoder(const std::vector<JsonColumn>& columns,
                                           const DecodeRequest& request, const TimeZone* zone,
                                           int64_t reference_us, ScanLevel level = scan_level());

}  // namespace weir
