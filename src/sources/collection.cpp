// Records written in the pipeline itself: lines that a format decodes, or rows.
#include <algorithm>
#include <atomic>

#include "base/units.h"
#include "io/feed.h"
#include "sources/collection_rows.h"
#include "sources/feed_source.h"
#include "sources/source_format.h"
#include "sources/source_list.h"

namespace weir {
namespace {

struct CollectionOptions {
  std::vector<std::string> lines;
  Node rows;
};

const OptionTable<CollectionOptions>& collection_options() {
  static const OptionTable<CollectionOptions> table = {
      {"lines", &CollectionOptions::lines, "lines of text, decoded by the format"},
      {"rows", &CollectionOptions::rows,
       "rows: lists of values, or tables whose missing values are NULL"},
  };
  return table;
}

class LinesPlan final : public SourcePlan {
 public:
  LinesPlan(std::string bytes, size_t lines, SourceFormat format)
      : bytes_(std::move(bytes)), lines_(lines), format_(std::move(format)) {}

  const Schema& schema() const override { return format_.format->schema(); }
  bool bounded() const override { return true; }
  const Format* format() const override { return format_.format.get(); }
  std::string explain() const override {
    return "collection: " + format_count(lines_) + " lines, " + format_.name;
  }
  std::string partition_name(uint32_t) const override { return "collection"; }
  Result<std::unique_ptr<Source>> open(const FeedOptions& options) const override {
    return make_feed_source(make_memory_feed(bytes_, format_.format->cutter(), options), schema());
  }

 private:
  std::string bytes_;
  size_t lines_;
  SourceFormat format_;
};

class RowsSource final : public Source {
 public:
  RowsSource(std::shared_ptr<const CollectionRows> rows, size_t batch_rows, uint32_t source)
      : rows_(std::move(rows)), batch_rows_(batch_rows), source_(source) {}

  bool claim(SourceItem& item) override {
    if (stopped_.load(std::memory_order_acquire)) return false;
    const uint64_t number = next_.fetch_add(1, std::memory_order_relaxed);
    const uint64_t begin = number * batch_rows_;
    if (begin >= rows_->rows) return false;
    const uint64_t end = std::min<uint64_t>(begin + batch_rows_, rows_->rows);
    Batch batch;
    for (const ColumnPtr& column : rows_->columns)
      batch.columns.push_back(column->slice(begin, end));
    batch.rows = end - begin;
    batch.records = batch.rows;
    batch.sequence = number;
    batch.origin = {source_, 0, begin, end};
    batch.keep(rows_);
    item.block = Block{};
    item.block.sequence = number;
    item.batch = std::move(batch);
    item.error.reset();
    return true;
  }
  void stop() override { stopped_.store(true, std::memory_order_release); }

 private:
  std::shared_ptr<const CollectionRows> rows_;
  size_t batch_rows_;
  uint32_t source_;
  std::atomic<uint64_t> next_{0};
  std::atomic<bool> stopped_{false};
};

class RowsPlan final : public SourcePlan {
 public:
  explicit RowsPlan(CollectionRows rows)
      : rows_(std::make_shared<const CollectionRows>(std::move(rows))) {}

  const Schema& schema() const override { return rows_->schema; }
  bool bounded() const override { return true; }
  const Format* format() const override { return nullptr; }
  std::string explain() const override {
    return "collection: " + format_count(rows_->rows) + " rows";
  }
  std::string partition_name(uint32_t) const override { return "collection"; }
  Result<std::unique_ptr<Source>> open(const FeedOptions& options) const override {
    // Small blocks make small batches, as they do with files.
    const size_t batch_rows = std::clamp<size_t>(options.block_bytes / 64, 1, 4096);
    return std::make_unique<RowsSource>(rows_, batch_rows, options.source);
  }

 private:
  std::shared_ptr<const CollectionRows> rows_;
};

std::unique_ptr<SourcePlan> bind_lines(const std::vector<std::string>& lines,
                                       const SourceSpec& spec, const SourceContext& context,
                                       Errors& errors) {
  std::string bytes;
  for (const std::string& line : lines) bytes.append(line).append("\n");
  SourceSpec named = spec;
  if (named.format.name.empty()) named.format.name = "text";
  SourceContext may_sample = context;  // there is no input to be left alone
  may_sample.sample = true;
  const size_t before = errors.size();
  SourceFormat format = bind_source_format(
      named, may_sample, context.now_us, [&]() -> Result<Peek> { return Peek{bytes, true}; },
      errors);
  if (errors.size() > before || !format.format) return nullptr;
  if (format.format->is_binary()) {
    errors.push_back(
        {ErrorKind::kConfig,
         "the format `" + format.name + "` has no lines",
         spec.format.position,
         "it is read from files, pipes and connections; `rows` take values as they are",
         {}});
    return nullptr;
  }
  return std::make_unique<LinesPlan>(std::move(bytes), lines.size(), std::move(format));
}

std::unique_ptr<SourcePlan> bind_rows(const Node& rows, const SourceSpec& spec,
                                      const SourceContext& context, Errors& errors) {
  const size_t before = errors.size();
  if (!spec.format.name.empty()) {
    errors.push_back({ErrorKind::kConfig,
                      "rows have no format",
                      spec.format.position,
                      "a format decodes `lines`",
                      {}});
  }
  const FormatContext format_context{spec.schema, context.zone, context.now_us, false};
  const auto declared = declared_columns(format_context, errors);
  if (errors.size() > before) return nullptr;
  auto read = read_rows(rows, declared, context.zone, context.now_us, errors);
  if (!read) return nullptr;
  return std::make_unique<RowsPlan>(std::move(*read));
}

std::vector<OptionDoc> collection_docs() {
  std::vector<OptionDoc> all = option_docs(collection_options());
  for (OptionDoc& doc : common_source_docs("text")) all.push_back(std::move(doc));
  return all;
}

std::unique_ptr<SourcePlan> bind_collection(const SourceSpec& spec, const SourceContext& context,
                                            Errors& errors) {
  CollectionOptions options;
  const size_t before = errors.size();
  read_options(collection_options(), spec.options, options, errors, "the collection source",
               kCommonSourceKeys);
  const Node* lines = spec.options.find("lines");
  const Node* rows = spec.options.find("rows");
  if ((lines == nullptr) == (rows == nullptr)) {
    errors.push_back({ErrorKind::kConfig,
                      "a collection has either `lines` or `rows`",
                      rows != nullptr ? rows->position : spec.position,
                      "lines = [\"to be\", \"or not\"] or rows = [[1, \"a\"], [2, \"b\"]]",
                      {}});
  }
  if (errors.size() > before) return nullptr;
  return lines != nullptr ? bind_lines(options.lines, spec, context, errors)
                          : bind_rows(options.rows, spec, context, errors);
}

}  // namespace

const SourceDescriptor kCollectionSource = {
    "collection", "records written in the pipeline itself, for trying things out", collection_docs,
    bind_collection};

}  // namespace weir
