// Makes the ComponentSpec of a step as if it had been read from a pipeline: what `op = "..."` would say.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/spec.h"

namespace weir::sql {

class StepSpec {
 public:
  StepSpec(std::string op, const Position& place);

  StepSpec& set(const std::string& key, const SourceText& text);
  StepSpec& set(const std::string& key, const std::string& text);
  StepSpec& set(const std::string& key, const char* text) { return set(key, std::string(text)); }
  StepSpec& set(const std::string& key, int64_t number);
  StepSpec& set(const std::string& key, bool value);
  StepSpec& set(const std::string& key, const std::vector<std::string>& texts);
  StepSpec& set(const std::string& key, const std::vector<std::vector<std::string>>& lists);
  StepSpec& set(const std::string& key, const NamedTexts& texts);
  StepSpec& set(const std::string& key, Node node);

  ComponentSpec take() { return std::move(spec_); }

 private:
  Node text_node(const std::string& text) const;

  ComponentSpec spec_;
};

}  // namespace weir::sql
