#include "tests/plaza/gateway/fixture.hpp"
