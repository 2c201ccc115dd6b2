#include "sinks/partition_path.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/spelling.h"
#include "data/text.h"

namespace weir {
namespace {

constexpr std::string_view kTimeFields = "YmdHMSj";
constexpr std::string_view kNullName = "__NULL__";
constexpr std::string_view kEmptyName = "__EMPTY__";
constexpr size_t kLongestName = 180;  // of the 255 bytes that file systems allow

bool is_plain(char c) {
  const auto u = static_cast<unsigned char>(c);
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || u >= 0x80 ||
         std::string_view("._-=+@, ").find(c) != std::string_view::npos;
}

uint64_t fnv(std::string_view text) {
  uint64_t hash = 14'695'981'039'346'656'037ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211ULL;
  return hash;
}

}  // namespace

bool PartitionPath::is_pattern(std::string_view path) {
  return path.find_first_of("%{") != std::string_view::npos;
}

Result<PartitionPath> PartitionPath::parse(std::string_view pattern, const Schema& schema,
                                           const TimeZone* zone) {
  PartitionPath path;
  path.zone_ = zone;
  std::string text;
  const auto end_text = [&] {
    if (!text.empty()) path.parts_.push_back({Part::Kind::kText, text, 0, 0});
    text.clear();
  };
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    const char next = i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    if (c == '%' && next == '%') {
      text += '%';
      ++i;
    } else if (c == '%') {
      if (kTimeFields.find(next) == std::string_view::npos)
        return fail(ErrorKind::kConfig,
                    fmt::format("no part of a time is `%{}`", next == '\0' ? ' ' : next),
                    "known: %Y %m %d %H %M %S %j; %% is a percent sign");
      end_text();
      path.parts_.push_back({Part::Kind::kTime, {}, next, 0});
      path.uses_time_ = true;
      ++i;
    } else if (c == '{') {
      const size_t close = pattern.find('}', i);
      if (close == std::string_view::npos)
        return fail(ErrorKind::kConfig, "a `{` without its `}`", "{NAME} is the text of a column");
      const std::string name(pattern.substr(i + 1, close - i - 1));
      const auto column = schema.find(name);
      if (!column)
        return fail(ErrorKind::kConfig, "no column `" + name + "`",
                    spelling_hint(name, schema.names()));
      end_text();
      path.parts_.push_back({Part::Kind::kColumn, name, 0, *column});
      i = close;
    } else {
      text += c;
    }
  }
  end_text();
  if (!path.parts_.empty() && path.parts_[0].kind == Part::Kind::kText) {
    const std::string& first = path.parts_[0].text;
    const size_t slash = first.rfind('/');
    if (slash != std::string::npos) path.base_ = first.substr(0, slash == 0 ? 1 : slash);
  }
  for (const Part& part : path.parts_)
    path.depth_ += static_cast<int>(std::count(part.text.begin(), part.text.end(), '/'));
  path.depth_ -= static_cast<int>(std::count(path.base_.begin(), path.base_.end(), '/')) +
                 (path.base_.empty() || path.base_ == "/" ? 0 : 1);
  return path;
}

void PartitionPath::expand(const Batch& batch, size_t row, std::string& out) {
  out.clear();
  std::optional<int64_t> time;
  if (uses_time_) {
    const Column& column = *batch.columns[time_column_];
    if (!column.is_null(row)) {
      time = column.at<int64_t>(row);
      if (time_type_.in_nanos()) time = floor_div(*time, 1000);
      if (time_type_.id == TypeId::kTimestampLtz) time = zone_->to_local(*time);
    }
  }
  std::string value;
  for (const Part& part : parts_) {
    switch (part.kind) {
      case Part::Kind::kText: out += part.text; break;
      case Part::Kind::kTime:
        if (time) {
          append_time(part.field, *time, out);
        } else {
          out += kNullName;
        }
        break;
      case Part::Kind::kColumn: {
        const Column& column = *batch.columns[part.column];
        if (column.is_null(row)) {
          out += kNullName;
          break;
        }
        value.clear();
        append_text(value, column, row);
        out += encoded(value);
        break;
      }
    }
  }
}

void PartitionPath::append_time(char field, int64_t local_us, std::string& out) const {
  const int64_t days = floor_div(local_us, kMicrosPerDay);
  const int64_t second = floor_mod(local_us, kMicrosPerDay) / kMicrosPerSecond;
  const CivilDate date = civil_from_days(days);
  switch (field) {
    case 'Y': out += fmt::format("{:04}", date.year); break;
    case 'm': out += fmt::format("{:02}", date.month); break;
    case 'd': out += fmt::format("{:02}", date.day); break;
    case 'H': out += fmt::format("{:02}", second / 3600); break;
    case 'M': out += fmt::format("{:02}", second / 60 % 60); break;
    case 'S': out += fmt::format("{:02}", second % 60); break;
    default: out += fmt::format("{:03}", days - days_from_civil(date.year, 1, 1) + 1); break;
  }
}

std::string PartitionPath::short_hash(std::string_view text) {
  return fmt::format("{:08x}", fnv(text) >> 32);
}

std::string PartitionPath::encoded(std::string_view text) {
  if (text.empty()) return std::string(kEmptyName);
  std::string name;
  for (size_t i = 0; i < text.size(); ++i) {
    // A name may not begin with a dot, nor be taken for one of ours.
    const bool first = i == 0 && (text[i] == '.' || text.starts_with("__"));
    if (is_plain(text[i]) && !first) {
      name += text[i];
    } else {
      name += fmt::format("%{:02X}", static_cast<unsigned char>(text[i]));
    }
  }
  if (name.size() > kLongestName) {
    name.resize(kLongestName - 18);
    name += fmt::format("%~{:016x}", fnv(text));
  }
  return name;
}

std::string PartitionPath::decoded(std::string_view name) {
  if (name == kEmptyName) return {};
  std::string text;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; };
  for (size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '%' && i + 2 < name.size() && name[i + 1] != '~') {
      text += static_cast<char>(digit(name[i + 1]) * 16 + digit(name[i + 2]));
      i += 2;
    } else {
      text += name[i];
    }
  }
  return text;
}

}  // namespace weir
