// What sinks that write encoded bytes share: the choice of the format, and the way down to a ByteSink.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/output.h"
#include "sinks/sink.h"

namespace weir {

struct SinkFormat {
  std::unique_ptr<Format> format;  // null after an error
  std::string name;
};

// The format that the spec names, else `standard`. Error: one that is not known or cannot be written.
SinkFormat bind_sink_format(const SinkSpec& spec, std::string_view standard,
                            const SinkContext& context, Errors& errors);

// Writes the encoded bytes. `passes_flush`: somebody may be reading along, so a flush goes through.
// `continues`: behind what is there. `file`: of a file that is written in place.
struct FileInPlace {
  std::string path;  // of the positions that it gives; empty: no such file
  // Opens the file that has the path now, for log rotation.
  std::function<Result<std::unique_ptr<ByteSink>>()> reopen{};
};
std::unique_ptr<Sink> make_byte_sink(std::unique_ptr<ByteSink> bytes, bool passes_flush,
                                     bool continues = false, FileInPlace file = {});

// Error: descriptor 1 is closed.
Result<void> check_stdout();
// A sink that writes there.
Result<std::unique_ptr<Sink>> open_stdout_sink();
// How to encode for stdout: a terminal's width and colours.
EncodeOptions stdout_encode_options(const SinkContext& context);

// The documentation of `format`.
OptionDoc sink_format_doc(std::string standard);

}  // namespace weir
