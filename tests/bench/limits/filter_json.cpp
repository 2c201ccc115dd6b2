// Limit: amount > 1000, keep id, account, amount. Looks for the key in the raw line and reads the number there.
#include "chunks.h"

int main(int, char** argv) {
  const Input in(argv[1]);
  const Needle id_key("\"id\":");
  const Needle account_key("\"account\":");
  const Needle amount_key("\"amount\":");
  OrderedOutput output;
  for_each_chunk(in, [&](int, size_t chunk, char* b, char* e) {
    std::string out;
    for (const char* p = b; (p = amount_key.find(p, e)) != nullptr;) {
      const char* number = p + amount_key.size();
      uint64_t whole = 0;
      const char* d = number;
      while (*d >= '0' && *d <= '9') whole = whole * 10 + static_cast<uint64_t>(*d++ - '0');
      const bool more =
          whole > 1000 || (whole == 1000 && *d == '.' && (d[1] != '0' || d[2] != '0'));
      if (more) {
        const char* line = p;
        while (line > b && line[-1] != '\n') --line;
        const char* id = id_key.find(line, e) + id_key.size();
        const char* account = account_key.find(line, e) + account_key.size();
        const auto until = [](const char* x) {
          while (*x != ',' && *x != '}') ++x;
          return x;
        };
        out += "{\"id\":";
        out.append(id, until(id));
        out += ",\"account\":";
        out.append(account, until(account));
        out += ",\"amount\":";
        out.append(number, until(number));
        out += "}\n";
      }
      p = d;
    }
    output.put(chunk, std::move(out));
  });
}
