// The records of a block, one after another, without their line ends.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>

#include "io/block.h"
#include "io/cutter.h"

namespace weir {

// Walks the records of whole lines, or those that `cutter` finds (nullptr: lines).
class RecordWalk {
 public:
  RecordWalk(std::string_view text, const RecordCutter* cutter) : text_(text), cutter_(cutter) {}
  // A block: a byte order mark at the start of its partition is passed over.
  RecordWalk(const Block& block, const RecordCutter* cutter) : RecordWalk(block.bytes, cutter) {
    if (block.starts_partition && text_.starts_with("\xEF\xBB\xBF")) pos_ = 3;
  }

  bool next(std::string_view& record) {
    if (pos_ >= text_.size()) return false;
    size_t end = text_.size();
    if (cutter_ != nullptr) {
      const size_t found = cutter_->first_end(text_, pos_, 0, true);
      if (found != RecordCutter::npos) end = found;
    } else if (const void* p = std::memchr(text_.data() + pos_, '\n', text_.size() - pos_)) {
      end = static_cast<size_t>(static_cast<const char*>(p) - text_.data()) + 1;
    }
    record = text_.substr(pos_, end - pos_);
    pos_ = end;
    if (record.ends_with('\n')) record.remove_suffix(1);
    if (record.ends_with('\r')) record.remove_suffix(1);
    return true;
  }

 private:
  std::string_view text_;
  const RecordCutter* cutter_;
  size_t pos_ = 0;
};

}  // namespace weir
