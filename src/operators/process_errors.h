// Errors of a process step's tables, with their places.
#pragma once

#include <algorithm>
#include <string>

#include "base/error.h"
#include "config/node.h"

namespace weir {

class ProcessErrors {
 public:
  explicit ProcessErrors(Errors& errors) : errors_(errors), before_(errors.size()) {}

  bool any() const { return errors_.size() != before_; }
  void add(const Position& position, std::string message, std::string hint = {}) {
    errors_.push_back({ErrorKind::kConfig, std::move(message), position, std::move(hint), {}});
  }
  // An error in a text; without a place of its own it is about the whole.
  void add(Error error, const SourceText& text) {
    if (error.position.line == 0) error.position = whole(text);
    errors_.push_back(std::move(error));
  }
  static Position whole(const SourceText& text) {
    return text.at(0, std::max<size_t>(1, text.text.size()));
  }
  Errors& all() { return errors_; }

 private:
  Errors& errors_;
  size_t before_;
};

}  // namespace weir
