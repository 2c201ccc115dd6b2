// Limit: lines that hold a fixed string, passed on in order.
#include "chunks.h"

int main(int argc, char** argv) {
  const Input in(argv[1]);
  const Needle needle(argc > 2 ? argv[2] : "special-offer");
  OrderedOutput output;
  for_each_chunk(in, [&](int, size_t chunk, char* b, char* e) {
    std::string out;
    for (const char* p = b; (p = needle.find(p, e)) != nullptr;) {
      const char* line = p;
      while (line > b && line[-1] != '\n') --line;
      p = find(p, '\n') + 1;
      out.append(line, p);
    }
    output.put(chunk, std::move(out));
  });
}
