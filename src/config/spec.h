// The pipeline as written: plain data, every item with its place. The result of config, read by plan.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/units.h"
#include "config/node.h"
#include "config/options.h"

namespace weir {

// A source, transform, window or sink: its kind and its own keys, read by the kind's descriptor.
struct ComponentSpec {
  std::string name;   // "input" for [source], NAME for [sources.NAME], "sink", step names ...
  std::string kind;   // value of `type` or `op`
  Position position;  // of the table
  Position kind_position;
  Node options;  // the whole table, `type`/`op` included, without the wiring below

  // How the pipeline's parts are joined. Without it every step reads the one before.
  SourceText given_name;           // `name`: what later steps and sinks call it
  std::vector<SourceText> inputs;  // `input = "NAME"` or `inputs = ["A", "B"]`
};

// `format = "csv"` or `format = { name = "csv", delimiter = ";" }`.
struct FormatSpec {
  std::string name;  // empty: not given
  Position position;
  Node options;  // table; empty when only the name was given
};

struct EventTimeSpec {
  SourceText column;
  SourceText format;  // empty: the column is a TIMESTAMP
  Duration max_out_of_orderness;
  std::optional<Duration> idle_timeout;
  std::optional<Duration> max_future;
  std::optional<Duration> max_jump;
  bool inclusive = false;  // of the watermark: SQL's way
  Position position;
};

// One column of [source.schema]: name = "TYPE" or name = { type = "TIMESTAMP(3)", format = "clf" }.
struct SchemaColumnSpec {
  std::string name;
  SourceText type;
  SourceText format;  // time format of a TIMESTAMP column; empty: the format's own
  SourceText path;    // where it is in the record when not under its name; empty: the name
  Position position;
};

struct SourceSpec : ComponentSpec {
  FormatSpec format;
  std::vector<SchemaColumnSpec> schema;
  std::optional<EventTimeSpec> event_time;
  bool implied = false;  // stdin, because the pipeline has no source
};

struct SinkSpec : ComponentSpec {
  FormatSpec format;
};

struct RuntimeSpec {
  int parallelism = 0;  // 0: every usable core
  bool pin = true;
  ByteSize memory_limit;           // 0: half of the machine's memory
  bool spill = true;               // state beyond that goes to the disk
  ByteSize state_limit;            // of one step; 0: its share of memory_limit
  ByteSize block_size;             // 0: chosen by the source
  std::string overflow = "error";  // or "wrap"
  bool optimize = true;
};

struct ErrorPolicySpec {
  bool skip = false;               // on_error = "skip"
  std::optional<int64_t> max_bad;  // skip at most so many, then exit 3
  bool strict = false;             // any bad record makes the run end with 3
};

struct PipelineSpec {
  std::string name;
  std::string mode = "auto";  // auto | batch | streaming
  SourceText timezone{"UTC"};
  std::vector<SourceSpec> sources;
  std::vector<ComponentSpec> transforms;
  std::optional<ComponentSpec> window;
  std::vector<ComponentSpec> then;
  std::vector<SinkSpec> sinks;  // empty: stdout
  std::optional<SinkSpec> late;
  std::optional<SinkSpec> dead_letter;
  std::optional<ComponentSpec> checkpoint;
  RuntimeSpec runtime;
  ErrorPolicySpec errors;
  std::string file;  // the pipeline's path, for messages
};

// Flags that replace parts of a pipeline whatever it calls them. Texts are taken as they are: no ${}.
struct PipelineFlags {
  std::vector<std::string> inputs;  // FILE arguments, "-" is stdin: the one source's path
  std::string input_format;         // its format; empty: not given (so below)
  std::string output;               // the one sink becomes this file, or stdout for "-"
  std::string output_format;
  bool follow = false;           // the one source's files are read on as they grow
  bool overwrite = false;        // an existing output file is replaced
  std::string dead_letter;       // [dead_letter] becomes this file, or stdout for "-"
  std::optional<int64_t> limit;  // a last step `limit`
};

// The pipeline's text and what the command line adds: fragments of TOML (-e), settings
// (--set a.b=value) and flags; a later one of these beats the earlier.
struct PipelineText {
  std::string file;                    // path, "-" for stdin; empty with fragments only
  std::vector<std::string> fragments;  // -e, in order; merged key by key, arrays of tables appended
  std::vector<std::string> settings;   // "a.b=value"; indices for arrays: transform.0.where
  PipelineFlags flags;
  std::optional<Node> tree;  // in place of a file: what a SQL script makes
};

// Reads, merges and checks the shape of a pipeline: known tables and keys of the pipeline itself.
// Components' own keys are checked later by their descriptors. All problems are returned together.
// ${NAME}, ${NAME:-default}, ${NAME:?message} are replaced inside string values, after parsing.
std::expected<PipelineSpec, Errors> read_pipeline(const PipelineText& text);

// The same, but with the spec even after errors if every component could be told, so that the planner's
// complaints can be shown beside these.
struct PipelineReading {
  std::optional<PipelineSpec> spec;
  Errors errors;
};
PipelineReading read_pipeline_leniently(const PipelineText& text);
// The merged pipeline as TOML text (--emit-toml); ${} stays as written.
std::expected<std::string, Errors> emit_pipeline(const PipelineText& text);

// The keys that the pipeline itself reads, for the documentation: one item a table ("" is the top level).
struct PipelineTableDoc {
  std::string table;
  std::string doc;
  std::vector<OptionDoc> options;
};
std::vector<PipelineTableDoc> pipeline_table_docs();

}  // namespace weir
