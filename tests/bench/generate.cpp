// Writes the benchmark's input from a seed: generate FOLDER [FACTOR], or generate - BYTES
//
// FACTOR scales the sizes (1 = as in the README's table). Files that exist are kept. With - a log of that
// many bytes goes to stdout.
//   words.txt          500 MB   Zipf text over 100,000 words, mixed case
//   access.log         1.2 GB   5 million lines of a combined log, 100,000 addresses, up to 3 s out of order
//   transactions.json  1.1 GB   10 million objects of 7 fields
//   stations.txt       700 MB   50 million lines name;value
//   wide.csv           1.1 GB   20 columns, quoted, with delimiters, quotes and line breaks inside
//   keys.csv           744 MB   50 million lines key,value, 10 million different keys
//   orders.csv         230 MB   10 million lines order,customer,amount
//   customers.csv      21 MB    1 million lines id,name,region, in no order

#include <sys/stat.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

namespace {

// xoshiro256** (Blackman and Vigna), enough for data.
struct Random {
  uint64_t s[4];
  explicit Random(uint64_t seed) {
    for (auto& x : s) {
      seed += 0x9e3779b97f4a7c15;
      uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
      z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
      x = z ^ (z >> 31);
    }
  }
  uint64_t next() {
    const auto rotl = [](uint64_t x, int k) { return (x << k) | (x >> (64 - k)); };
    const uint64_t result = rotl(s[1] * 5, 7) * 9;
    const uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
  }
  uint64_t below(uint64_t n) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(next()) * n) >> 64);
  }
  double real() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
};

// A file that gets its name when it is complete; "-" is stdout.
class File {
 public:
  explicit File(const std::string& path)
      : path_(path), file_(path == "-" ? stdout : std::fopen((path + ".part").c_str(), "wb")) {
    if (file_ == nullptr) {
      std::perror(path.c_str());
      std::exit(1);
    }
    text.reserve(size_t{2} << 20);
  }
  ~File() {
    flush();
    if (file_ == stdout) return;
    std::fclose(file_);
    std::rename((path_ + ".part").c_str(), path_.c_str());
  }
  void line_done() {
    if (text.size() > (size_t{1} << 20)) flush();
  }
  uint64_t size() const { return written_ + text.size(); }
  std::string text;

 private:
  void flush() {
    if (std::fwrite(text.data(), 1, text.size(), file_) != text.size()) {
      std::perror(path_.c_str());
      std::exit(1);
    }
    written_ += text.size();
    text.clear();
  }
  std::string path_;
  FILE* file_;
  uint64_t written_ = 0;
};

void put(std::string& out, uint64_t v) {
  char b[20];
  char* p = b + 20;
  do {
    *--p = static_cast<char>('0' + v % 10);
    v /= 10;
  } while (v != 0);
  out.append(p, static_cast<size_t>(b + 20 - p));
}
void put2(std::string& out, uint64_t v) {
  out += static_cast<char>('0' + v / 10);
  out += static_cast<char>('0' + v % 10);
}

std::string make_word(Random& r) {
  static const char* kSyllables[] = {"ka",  "lo",  "mi",  "ne",  "ra",  "so", "tu",
                                     "ve",  "an",  "er",  "in",  "ou",  "st", "th",
                                     "qui", "pre", "con", "ble", "ing", "ty"};
  std::string w;
  const uint64_t n = 1 + r.below(4);
  for (uint64_t i = 0; i < n; ++i) w += kSyllables[r.below(20)];
  return w;
}

// Ranks drawn by Zipf's law (exponent 1) through the inverse of its cumulative distribution.
class Zipf {
 public:
  explicit Zipf(size_t n) : cumulative_(n) {
    double sum = 0;
    for (size_t i = 0; i < n; ++i) cumulative_[i] = sum += 1.0 / static_cast<double>(i + 1);
    for (auto& c : cumulative_) c /= sum;
    // A guide table makes the search short.
    guide_.resize(65537);
    size_t k = 0;
    for (size_t g = 0; g <= 65536; ++g) {
      while (k < n - 1 && cumulative_[k] < static_cast<double>(g) / 65536) ++k;
      guide_[g] = k;
    }
  }
  size_t draw(Random& r) const {
    const double u = r.real();
    size_t k = guide_[static_cast<size_t>(u * 65536)];
    while (cumulative_[k] < u) ++k;
    return k;
  }

 private:
  std::vector<double> cumulative_;
  std::vector<size_t> guide_;
};

void words(const std::string& path, uint64_t bytes) {
  Random r(1);
  std::vector<std::string> vocabulary;
  for (int i = 0; i < 100000; ++i) {
    std::string w = make_word(r);
    if (i >= 2000) put(w, static_cast<uint64_t>(i % 977));
    vocabulary.push_back(std::move(w));
  }
  const Zipf zipf(vocabulary.size());
  File f(path);
  while (f.size() < bytes) {
    const uint64_t n = 6 + r.below(12);
    for (uint64_t i = 0; i < n; ++i) {
      const std::string& w = vocabulary[zipf.draw(r)];
      if (i > 0) f.text += ' ';
      const size_t at = f.text.size();
      f.text += w;
      if (i == 0 || r.below(12) == 0) f.text[at] = static_cast<char>(f.text[at] - 32);
    }
    f.text += '\n';
    f.line_done();
  }
}

// One of 100,000.
void put_address(std::string& out, uint64_t n) {
  put(out, 10 + n % 200);
  out += '.';
  put(out, n / 200 % 16);
  out += '.';
  put(out, n / 3200 % 16);
  out += '.';
  put(out, 1 + n / 51200 * 100 + n % 97);
}

void access_log(const std::string& path, uint64_t lines, uint64_t bytes = UINT64_MAX) {
  Random r(2);
  static const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  static const char* kAgents[] = {
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
      "Chrome/120.0.0.0 Safari/537.36",
      "Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0",
      "Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
      "Gecko) Version/17.2 Mobile/15E148",
      "Googlebot/2.1 (+http://www.google.com/bot.html)", "curl/8.4.0"};
  const int statuses[] = {200, 200, 200, 200, 200, 200, 200, 200,
                          301, 304, 304, 404, 404, 403, 500, 503};
  File f(path);
  const time_t base = 1706659200;  // 2024-01-31 00:00:00 UTC
  time_t shown = 0;
  tm c{};
  for (uint64_t i = 0; i < lines && f.size() < bytes; ++i) {
    const time_t t = base + static_cast<time_t>(i / 58) - static_cast<time_t>(r.below(4));
    if (t != shown) gmtime_r(&t, &c);
    shown = t;
    auto& o = f.text;
    put_address(o, r.below(100000));
    o += " - - [";
    put2(o, static_cast<uint64_t>(c.tm_mday));
    o += '/';
    o += kMonths[c.tm_mon];
    o += '/';
    put(o, static_cast<uint64_t>(1900 + c.tm_year));
    o += ':';
    put2(o, static_cast<uint64_t>(c.tm_hour));
    o += ':';
    put2(o, static_cast<uint64_t>(c.tm_min));
    o += ':';
    put2(o, static_cast<uint64_t>(c.tm_sec));
    o += " +0000] \"";
    o += r.below(10) == 0 ? "POST " : "GET ";
    const uint64_t page = r.below(5000);
    o += page % 3 == 0   ? "/products/item-"
         : page % 3 == 1 ? "/articles/2024/01/"
                         : "/api/v2/users/";
    put(o, page);
    if (page % 50 == 7) o += "/special-offer";
    if (r.below(3) == 0) {
      o += "?session=";
      put(o, r.below(1000000));
    }
    o += " HTTP/1.1\" ";
    put(o, static_cast<uint64_t>(statuses[r.below(16)]));
    o += ' ';
    put(o, 200 + r.below(60000));
    o += " \"https://www.example.com/catalog/collections/winter/page/";
    put(o, r.below(900));
    o += "\" \"";
    o += kAgents[r.below(5)];
    o += "\"\n";
    f.line_done();
  }
}

void transactions(const std::string& path, uint64_t lines) {
  Random r(3);
  static const char* kCurrencies[] = {"EUR", "USD", "GBP", "CHF"};
  static const char* kKinds[] = {"purchase", "refund", "transfer", "withdrawal"};
  File f(path);
  for (uint64_t i = 0; i < lines; ++i) {
    auto& o = f.text;
    o += "{\"id\":";
    put(o, 1000000 + i);
    o += ",\"ts\":";
    put(o, 1706659200000 + i * 7 + r.below(7));
    o += ",\"account\":\"acc-";
    put(o, 100000 + r.below(100000));
    o += "\",\"amount\":";
    put(o, r.below(1050));
    o += '.';
    put2(o, r.below(100));
    o += ",\"currency\":\"";
    o += kCurrencies[r.below(4)];
    o += "\",\"kind\":\"";
    o += kKinds[r.below(4)];
    o += "\",\"ok\":";
    o += r.below(9) == 0 ? "false" : "true";
    o += "}\n";
    f.line_done();
  }
}

void stations(const std::string& path, uint64_t lines) {
  Random r(4);
  std::vector<std::string> names;
  for (int i = 0; i < 413; ++i) {
    std::string w = make_word(r);
    w[0] = static_cast<char>(w[0] - 32);
    if (i % 17 == 0) w += " City";
    if (i % 23 == 0) w = "S\xc3\xa3o " + w;
    put(w, static_cast<uint64_t>(i % 7));
    names.push_back(w);
  }
  File f(path);
  for (uint64_t i = 0; i < lines; ++i) {
    auto& o = f.text;
    o += names[r.below(names.size())];
    o += ';';
    const auto v = static_cast<int64_t>(r.below(1999)) - 999;
    if (v < 0) o += '-';
    put(o, static_cast<uint64_t>(std::llabs(v)) / 10);
    o += '.';
    o += static_cast<char>('0' + std::llabs(v) % 10);
    o += '\n';
    f.line_done();
  }
}

void wide(const std::string& path, uint64_t bytes) {
  Random r(5);
  static const char* kCategories[] = {"books",          "garden", "toys, games", "music",
                                      "food \"fresh\"", "tools",  "sports",      "pets"};
  File f(path);
  for (int c = 0; c < 20; ++c) {
    if (c > 0) f.text += ',';
    f.text += c == 3 ? "category" : c == 11 ? "amount" : "c";
    if (c != 3 && c != 11) put(f.text, static_cast<uint64_t>(c));
  }
  f.text += '\n';
  while (f.size() < bytes) {
    auto& o = f.text;
    for (int c = 0; c < 20; ++c) {
      if (c > 0) o += ',';
      if (c == 3) {
        o += '"';
        for (const char* p = kCategories[r.below(8)]; *p != 0; ++p) {
          if (*p == '"') o += '"';
          o += *p;
        }
        o += '"';
      } else if (c == 11) {
        put(o, r.below(1000));
        o += '.';
        put2(o, r.below(100));
      } else if (c % 3 == 0) {
        o += "\"text, with ";
        if (r.below(200) == 0) o += "a line\nbreak and ";
        if (r.below(50) == 0) o += "a \"\"quote\"\" and ";
        put(o, r.below(100000));
        o += '"';
      } else if (c % 3 == 1) {
        put(o, r.below(1000000));
      } else {
        o += "value";
        put(o, r.below(100));
      }
    }
    o += '\n';
    f.line_done();
  }
}

void keys(const std::string& path, uint64_t lines) {
  Random r(6);
  File f(path);
  const uint64_t distinct = lines / 5;
  for (uint64_t i = 0; i < lines; ++i) {
    auto& o = f.text;
    // Every key comes once by turn and about four times more by chance; their digits are scattered.
    const uint64_t k = i % 5 == 0 ? i / 5 : r.below(distinct);
    const uint64_t digits = k * 61803399 % 100000000;
    o += 'u';
    for (uint64_t ten = 10000000; ten > 0; ten /= 10)
      o += static_cast<char>('0' + digits / ten % 10);
    o += ',';
    put(o, r.below(10000));
    o += '\n';
    f.line_done();
  }
}

// Customers are numbered with scattered digits; one order in ten is of a customer that is not there.
uint64_t customer(uint64_t i) { return i * 2654435761 % 4294967291; }

void customers(const std::string& path, uint64_t lines) {
  File f(path);
  f.text += "id,name,region\n";
  for (uint64_t i = 0; i < lines; ++i) {
    put(f.text, customer(i));
    f.text += ",c";
    put(f.text, i);
    f.text += ",r";
    put(f.text, i % 100);
    f.text += '\n';
    f.line_done();
  }
}

void orders(const std::string& path, uint64_t lines) {
  Random r(7);
  File f(path);
  f.text += "order,customer,amount\n";
  const uint64_t known = lines / 10;
  for (uint64_t i = 0; i < lines; ++i) {
    put(f.text, i);
    f.text += ',';
    put(f.text, customer(r.below(known + known / 9)));
    f.text += ',';
    put(f.text, r.below(100000));
    f.text += '\n';
    f.line_done();
  }
}

bool there(const std::string& path) {
  struct stat s{};
  return stat(path.c_str(), &s) == 0 && s.st_size > 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: generate FOLDER [FACTOR] | generate - BYTES\n");
    return 2;
  }
  const std::string folder = argv[1];
  if (folder == "-") {
    access_log("-", UINT64_MAX, argc > 2 ? static_cast<uint64_t>(std::atof(argv[2])) : 1000000000);
    return 0;
  }
  const double factor = argc > 2 ? std::atof(argv[2]) : 1.0;
  const auto scaled = [&](double n) { return static_cast<uint64_t>(n * factor); };
  mkdir(folder.c_str(), 0777);
  const auto path = [&](const char* name) { return folder + "/" + name; };
  if (!there(path("words.txt"))) words(path("words.txt"), scaled(500e6));
  if (!there(path("access.log"))) access_log(path("access.log"), scaled(5e6));
  if (!there(path("transactions.json"))) transactions(path("transactions.json"), scaled(10e6));
  if (!there(path("stations.txt"))) stations(path("stations.txt"), scaled(50e6));
  if (!there(path("wide.csv"))) wide(path("wide.csv"), scaled(1.1e9));
  if (!there(path("keys.csv"))) keys(path("keys.csv"), scaled(50e6));
  if (!there(path("customers.csv"))) customers(path("customers.csv"), scaled(1e6));
  if (!there(path("orders.csv"))) orders(path("orders.csv"), scaled(10e6));
  return 0;
}
