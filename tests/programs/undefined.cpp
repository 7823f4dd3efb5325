// A program that needs what nobody has, and could do without something else.
namespace somewhere {
int missing(int number);
}
extern "C" __attribute__((weak)) void optional();

int main(int argc, char**) {
  if (optional != nullptr) optional();
  return somewhere::missing(argc);
}
