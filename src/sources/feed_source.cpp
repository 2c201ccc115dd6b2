#include "sources/feed_source.h"

#include "sources/lost_record.h"

namespace weir {
namespace {

class FeedSource : public Source {
 public:
  FeedSource(std::unique_ptr<Feed> feed, const Schema& schema)
      : feed_(std::move(feed)), schema_(schema) {}

  bool claim(SourceItem& item) override {
    FeedItem next;
    if (!feed_->claim(next)) return false;
    item.block = std::move(next.block);
    item.batch.reset();
    item.error = std::move(next.error);
    if (next.lost_record) refuse_lost_record(item, schema_);
    return true;
  }
  void stop() override { feed_->stop(); }
  uint64_t bytes_done() const override { return feed_->bytes_done(); }
  uint64_t bytes_total() const override { return feed_->bytes_total(); }
  std::string warning() const override { return feed_->note(); }

 private:
  std::unique_ptr<Feed> feed_;
  const Schema& schema_;  // the plan's
};

class ResumableSource final : public FeedSource {
 public:
  // `starts`: the positions of the work's inputs, taken when it was planned.
  ResumableSource(std::unique_ptr<Feed> feed, FileWork work, std::vector<FilePosition> starts,
                  const Schema& schema)
      : FeedSource(std::move(feed), schema), work_(std::move(work)), starts_(std::move(starts)) {}

  void consumed(const BlockOrigin& block) override {
    for (auto& input : work_.inputs)
      if (input.partition == block.partition) input.offset = std::max(input.offset, block.end);
  }
  Result<std::string> position() const override {
    std::vector<FilePosition> positions = work_.others;
    for (size_t i = 0; i < starts_.size(); ++i) {
      auto position = moved_on(starts_[i], work_.inputs[i].offset);
      if (!position) return fail(position.error());
      positions.push_back(std::move(*position));
    }
    return encode_positions(positions);
  }

 private:
  FileWork work_;  // with the offsets reached
  const std::vector<FilePosition> starts_;
};

}  // namespace

Result<std::unique_ptr<Source>> make_resumable_source(std::unique_ptr<Feed> feed, FileWork work,
                                                      const Schema& schema) {
  std::vector<FilePosition> starts;
  for (const auto& input : work.inputs) {
    auto position = position_of(input.path, input.offset);
    if (!position) return fail(position.error());
    starts.push_back(std::move(*position));
  }
  return std::make_unique<ResumableSource>(std::move(feed), std::move(work), std::move(starts),
                                           schema);
}

std::unique_ptr<Source> make_feed_source(std::unique_ptr<Feed> feed, const Schema& schema) {
  return std::make_unique<FeedSource>(std::move(feed), schema);
}

}  // namespace weir
