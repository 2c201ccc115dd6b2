// Record ends: the first byte chooses the cutter, the second the pieces. However the bytes arrive, the ends that
// are found are those of the whole; blocks of any size put together are the input.
#include "io/cutter.h"

#include <memory>
#include <set>

#include "fuzz.h"
#include "io/feed.h"

using namespace weir;

namespace {

std::shared_ptr<const RecordCutter> make_cutter(uint8_t choice) {
  switch (choice % 5) {
    case 0: return make_line_cutter();
    case 1: return make_quoted_cutter('"');
    case 2: return make_quoted_cutter('\'');
    case 3: return std::move(*make_record_start_cutter("^[0-9]"));
    default: return std::move(*make_record_start_cutter("a"));
  }
}

std::set<size_t> all_ends(const RecordCutter& cutter, std::string_view bytes) {
  std::set<size_t> ends;
  for (size_t at = 0; at < bytes.size();) {
    const size_t end = cutter.first_end(bytes, at, 0, true);
    require(end != RecordCutter::npos && end > at && end <= bytes.size(),
            "complete bytes end a record");
    ends.insert(end);
    at = end;
  }
  return ends;
}

void check_states(const RecordCutter& cutter, std::string_view bytes, size_t cut) {
  if (cutter.stateless()) return;
  const auto first = cutter.advance(0, bytes.substr(0, cut));
  const auto whole = cutter.advance(0, bytes);
  require(cutter.advance(first, bytes.substr(cut)) == whole,
          "states of pieces make that of the whole");
  require(cutter.advance(0, bytes.substr(cut)) == (first ^ whole),
          "states compose by exclusive or");
}

// What is found without what follows is an end, and no end is missed that stands far enough from the edge.
void check_prefix(const RecordCutter& cutter, std::string_view bytes, const std::set<size_t>& ends,
                  size_t cut) {
  const std::string_view prefix = bytes.substr(0, cut);
  const size_t end = cutter.first_end(prefix, 0, 0, false);
  require(end == RecordCutter::npos || end == *ends.begin(), "an end found early is the first end");
  require(end != RecordCutter::npos || *ends.begin() + RecordCutter::kLookAhead >= cut,
          "the first end is found with the look-ahead behind it");
  const size_t last = cutter.last_end(prefix, 0);
  require(last == RecordCutter::npos || ends.contains(last), "the last end of a piece is an end");
  require(end == RecordCutter::npos || (last != RecordCutter::npos && last >= end),
          "last is not before first");
}

void check_feed(std::shared_ptr<const RecordCutter> cutter, std::string_view bytes,
                const std::set<size_t>& ends, size_t block_bytes) {
  FeedOptions options;
  options.block_bytes = block_bytes;
  const auto feed = make_memory_feed(std::string(bytes), std::move(cutter), options);
  std::string together;
  for (FeedItem item; feed->claim(item); item = FeedItem{}) {
    require(!item.error, "records shorter than the limit make no error");
    together += item.block.bytes;
    require(ends.contains(together.size()), "a block ends where a record does");
  }
  require(together == bytes, "the blocks together are the input");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3 || size > 3000) return 0;
  const auto cutter = make_cutter(data[0]);
  const std::string_view bytes = as_text(data + 2, size - 2);
  const std::set<size_t> ends = all_ends(*cutter, bytes);
  const size_t cut = data[1] % bytes.size();
  check_states(*cutter, bytes, cut);
  check_prefix(*cutter, bytes, ends, cut);
  check_prefix(*cutter, bytes, ends, bytes.size());
  check_feed(cutter, bytes, ends, 1 + data[1] % 64);
  return 0;
}
