// A process step as written: its tables read into plain data.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/options.h"
#include "config/spec.h"

namespace weir {

struct StateSpec {
  std::string name;
  Position name_position;
  std::string kind = "value";
  SourceText type;
  SourceText key_type;
  std::optional<SourceText> fallback;
  std::optional<int64_t> limit;
  Duration ttl;
  std::string ttl_refresh = "write";
  std::string ttl_clock = "processing";
  Node table;  // where its keys stand
};

struct TimerSpec {
  std::string name;
  Position name_position;
  std::optional<SourceText> at;
  std::optional<Duration> after;
  std::string clock = "event";
  Position clock_position;
};

struct PutSpec {
  std::string state;
  Position state_position;
  SourceText key;
  SourceText value;
};

struct RuleSpec {
  Position position;
  std::optional<SourceText> when;
  NamedTexts set;
  NamedTexts append;
  std::vector<PutSpec> put;
  NamedTexts remove;
  std::vector<SourceText> clear;
  std::vector<TimerSpec> timers;
  std::vector<SourceText> cancel;
  std::optional<NamedTexts> emit;
  bool emit_record = false;  // emit = "*"
  Position emit_position;
  bool stop = false;
};

struct OnTimerSpec {
  std::string timer;
  Position timer_position;
  std::vector<RuleSpec> rules;
};

struct ProcessSpec {
  std::vector<SourceText> key_by;
  std::vector<StateSpec> states;
  std::vector<RuleSpec> rules;
  std::vector<OnTimerSpec> on_timer;
};

// Adds every unknown key, wrong type and missing key to `errors`.
ProcessSpec read_process(const ComponentSpec& spec, Errors& errors);
std::vector<OptionDoc> process_option_docs();

}  // namespace weir
