// Finds where records end, so that a stream can be cut into blocks of whole records.
//
// Threads: immutable, shared.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace weir {

class RecordCutter {
 public:
  // What must be known about the bytes before a place to find the next boundary: for quoted formats,
  // whether they end inside quotes. 0 at the start of every record. States compose by exclusive or:
  // advance(s, bytes) == (s ^ advance(0, bytes)), so a worker can scan its bytes before it knows s.
  using State = uint32_t;

  virtual ~RecordCutter() = default;

  // True if boundaries can be found from anywhere without knowing what came before (State unused).
  virtual bool stateless() const = 0;
  // The state after `bytes`, given the state before them. Fast: one pass, vectorised.
  virtual State advance(State before, std::string_view bytes) const = 0;
  // The offset just behind the first record end at or after `from` (state given at `from`), or npos.
  // `complete`: no bytes follow, so the end of `bytes` ends the last record. A boundary whose
  // recognition needs bytes beyond `bytes` is not reported unless complete.
  virtual size_t first_end(std::string_view bytes, size_t from, State at_from,
                           bool complete) const = 0;
  // The offset just behind the last record end in `bytes` (state given at offset 0), or npos.
  virtual size_t last_end(std::string_view bytes, State at_begin) const = 0;

  // True if records say their own length, so that they are found from the first one on and from nowhere
  // else: `bytes` must begin at a record's start, `complete` makes an end only where a format says so, and
  // behind a record that is damaged or too long nothing more is found. Such files are read as streams.
  virtual bool sequential() const { return false; }
  // Sequential: why no record can be found in `bytes`, however many follow; nullopt: more bytes are needed, or
  // there is a record.
  virtual std::optional<std::string> damage(std::string_view bytes) const {
    (void)bytes;
    return std::nullopt;
  }
  // Sequential: the length of what stands before the first record and is needed to read any of them (a header that
  // names the columns); 0: there is none; npos: it needs more bytes. See Block::head. Error: why it is none.
  virtual std::expected<size_t, std::string> head_size(std::string_view bytes) const {
    (void)bytes;
    return size_t{0};
  }

  static constexpr size_t npos = static_cast<size_t>(-1);
  // A record end is recognised with at most so many bytes behind it.
  static constexpr size_t kLookAhead = 4096 + 1;
};

// Records end at '\n'.
std::unique_ptr<RecordCutter> make_line_cutter();
// Records end at '\n' outside quotes (RFC 4180: quotes inside are doubled, so parity is the state).
std::unique_ptr<RecordCutter> make_quoted_cutter(char quote);
// A record begins at a line that matches `pattern` (RE2, unanchored: write ^ for the line's start), and
// ends before the next one. Lines before the first match belong to a record of their own. The pattern
// sees a line without its line end, and at most its first 4096 bytes.
Result<std::unique_ptr<RecordCutter>> make_record_start_cutter(const std::string& pattern);

}  // namespace weir
