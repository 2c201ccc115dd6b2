// The named patterns of grok: built-in ones, those of pattern files, those written in the pipeline.
//
// Sources: the names are those that Logstash users know; the definitions here are our own, written
// for RE2. Formats: RFC 3339 and ISO 8601 times, RFC 5424 and BSD syslog, the Common Log Format,
// RFC 3986.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "formats/regex_pattern.h"

namespace weir {

class GrokLibrary final : public PatternLibrary {
 public:
  GrokLibrary();  // with the built-in patterns

  // Adds or replaces one.
  void add(std::string name, std::string definition) {
    definitions_[std::move(name)] = std::move(definition);
  }
  // Adds those of a pattern file: `NAME regex` a line, lines with # are comments. Error: kConfig
  // with the line of the first that is neither; kIo when it cannot be read.
  Result<void> add_file(const std::string& path);

  const std::string* find(std::string_view name) const override;
  std::vector<std::string> names() const override;

 private:
  std::map<std::string, std::string, std::less<>> definitions_;
};

}  // namespace weir
