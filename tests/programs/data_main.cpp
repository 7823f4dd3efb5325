// No program: what it calls main cannot be called.
extern "C" {
extern int data __asm__("main");
int data = 5;
}
