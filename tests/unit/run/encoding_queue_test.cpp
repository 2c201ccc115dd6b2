#include "run/encoding_queue.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <stdexcept>
#include <thread>

namespace weir {

namespace {

// What the sinks have been given, in order: "a1 b2 a3 ".
struct Written {
  std::string text;
  std::string refused;  // a text that cannot be written
};

class NoteSink final : public Sink {
 public:
  explicit NoteSink(Written& written) : written_(written) {}
  Result<void> write(const Batch&, std::string_view encoded) override {
    if (encoded == written_.refused) return fail(ErrorKind::kDiskFull, "no room");
    written_.text += encoded;
    return {};
  }
  Result<void> flush() override { return {}; }
  Result<void> commit() override { return {}; }
  void abort() override {}

 private:
  Written& written_;
};

// Writes the sink's name and a batch's number; some take longer, and 13 cannot be written.
class NoteEncoder final : public Encoder {
 public:
  explicit NoteEncoder(std::string name) : name_(std::move(name)) {}
  void encode(const Batch& batch, std::string& out) override {
    if (batch.sequence == 13) throw std::runtime_error("13");
    for (uint64_t i = 0; i < batch.sequence % 7 * 1000; ++i)
      std::atomic_signal_fence(std::memory_order_seq_cst);
    out += name_ + std::to_string(batch.sequence) + " ";
  }

 private:
  std::string name_;
};

class NoteFormat final : public Format {
 public:
  explicit NoteFormat(std::string name) : name_(std::move(name)) {}
  std::shared_ptr<const RecordCutter> cutter() const override { return nullptr; }
  const Schema& schema() const override { return schema_; }
  std::unique_ptr<Decoder> make_decoder(const DecodeRequest&) const override { return nullptr; }
  std::unique_ptr<Encoder> make_encoder(const Schema&, const EncodeOptions&) const override {
    return std::make_unique<NoteEncoder>(name_);
  }

 private:
  std::string name_;
  Schema schema_;
};

class NotePlan final : public SinkPlan {
 public:
  NotePlan(std::string name, Written& written) : format_(std::move(name)), written_(written) {}
  const Format* format() const override { return &format_; }
  std::string explain() const override { return "note"; }
  Result<std::unique_ptr<Sink>> open() const override {
    return std::make_unique<NoteSink>(written_);
  }

 private:
  NoteFormat format_;
  Written& written_;
};

struct Outputs {
  Written written;
  PlannedSink plan_a{"a", std::make_unique<NotePlan>("a", written), {}, {}};
  PlannedSink plan_b{"b", std::make_unique<NotePlan>("b", written), {}, {}};
  Output a{plan_a};
  Output b{plan_b};
  Outputs() {
    REQUIRE(a.open());
    REQUIRE(b.open());
  }
};

Batch numbered(uint64_t number) {
  Batch batch;
  batch.rows = 1;
  batch.sequence = number;
  return batch;
}

Result<bool> add(EncodingQueue& queue, Output& output, uint64_t number) {
  Batch batch = numbered(number);
  return queue.add(output, batch);
}

}  // namespace

TEST_CASE("texts are written in the order of their batches, whoever makes them") {
  for (const int helpers : {0, 1, 3}) {
    Outputs outputs;
    EncodingQueue queue;
    CHECK_FALSE(queue.is_open());
    queue.start(4, [] {});
    std::atomic<bool> over{false};
    std::vector<std::thread> threads;
    for (int h = 0; h < helpers; ++h)
      threads.emplace_back([&] {
        while (!over) queue.help();
      });
    std::string expected;
    for (uint64_t i = 100; i < 1100; ++i) {
      REQUIRE(add(queue, i % 3 == 0 ? outputs.a : outputs.b, i));
      expected += (i % 3 == 0 ? "a" : "b") + std::to_string(i) + " ";
      if (i % 97 != 0) continue;
      REQUIRE(queue.finish());
      CHECK(queue.is_empty());
      REQUIRE(outputs.written.text == expected);
    }
    CHECK(queue.stop());
    over = true;
    for (auto& thread : threads) thread.join();
    CHECK_FALSE(queue.is_open());
    CHECK(outputs.written.text == expected);
  }
}

TEST_CASE("a helper is asked for each batch") {
  Outputs outputs;
  EncodingQueue queue;
  int asked = 0;
  queue.start(4, [&] { ++asked; });
  for (uint64_t i = 0; i < 3; ++i) CHECK(add(queue, outputs.a, i));
  CHECK(asked == 3);
  CHECK(outputs.written.text.empty());
  queue.help();
  CHECK(outputs.written.text == "a0 ");
  CHECK_FALSE(queue.is_empty());
  CHECK(queue.stop());
  CHECK(outputs.written.text == "a0 a1 a2 ");
}

TEST_CASE("behind what cannot be written nothing is") {
  Outputs outputs;
  outputs.written.refused = "a1 ";
  EncodingQueue queue;
  queue.start(4, [] {});
  for (uint64_t i = 0; i < 3; ++i) CHECK(add(queue, outputs.a, i));
  CHECK(queue.finish().error().kind == ErrorKind::kDiskFull);
  CHECK_FALSE(add(queue, outputs.b, 3));
  CHECK_FALSE(queue.stop());
  CHECK(outputs.written.text == "a0 ");
}

TEST_CASE("what an encoder throws comes out where the queue is filled") {
  Outputs outputs;
  EncodingQueue queue;
  queue.start(4, [] {});
  for (uint64_t i = 12; i < 15; ++i) CHECK(add(queue, outputs.a, i));
  queue.help();
  queue.help();
  CHECK_THROWS_AS(add(queue, outputs.a, 15), std::runtime_error);
  CHECK_FALSE(queue.stop());  // told once
  CHECK(outputs.written.text == "a12 ");
}

}  // namespace weir
