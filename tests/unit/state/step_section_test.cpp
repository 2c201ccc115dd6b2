#include "state/step_section.h"

#include <catch2/catch.hpp>

namespace weir {

TEST_CASE("a step's section reads back as it was written") {
  const std::string bytes = encode_step_section({"what: it does\n", -5, -7, 3, 4, "state"});
  const auto read = decode_step_section(bytes);
  REQUIRE(read);
  CHECK(read->signature == "what: it does\n");
  CHECK(read->watermark == -5);
  CHECK(read->passed_on == -7);
  CHECK(read->arrived == 3);
  CHECK(read->emitted == 4);
  CHECK(read->state == "state");
  CHECK(!decode_step_section(bytes.substr(0, bytes.size() - 6)));
}

TEST_CASE("one step's state is reset by its id or its name") {
  CheckpointFile checkpoint;
  for (const char* id : {"step aggregate 1", "step tumbling window minutes"})
    checkpoint.add(id, encode_step_section({"s", 1, 1, 1, 1, "state"}));
  CHECK(reset_step(checkpoint, "minutes"));
  CHECK(decode_step_section(checkpoint.sections[1].bytes)->state.empty());
  CHECK(decode_step_section(checkpoint.sections[1].bytes)->watermark == 1);
  CHECK(decode_step_section(checkpoint.sections[0].bytes)->state == "state");
  CHECK(reset_step(checkpoint, "aggregate 1"));
  CHECK(decode_step_section(checkpoint.sections[0].bytes)->state.empty());
  const auto unknown = reset_step(checkpoint, "agregate 1");
  REQUIRE(!unknown);
  CHECK(unknown.error().hint == "did you mean `aggregate 1`?");
}

}  // namespace weir
