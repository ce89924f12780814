mod expected;
