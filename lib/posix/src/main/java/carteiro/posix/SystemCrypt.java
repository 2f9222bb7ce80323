package carteiro.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * crypt(3) of the system's libcrypt, which is loaded when it is first asked; a system may lack it. Any number of threads.
 *
 * <p>What a hash costs is named by the setting: whoever calls bounds it.
 */
@SuppressWarnings("restricted") // a library of the system by its name
public final class SystemCrypt {
    private static final int DATA = 256 * 1024; // struct crypt_data: 32 KiB in libxcrypt, 128 KiB in old glibc
    private static final int MOST_HASH = 384; // CRYPT_OUTPUT_SIZE of libxcrypt

    private SystemCrypt() {}

    private static final class CryptFunctions {
        static final Optional<SymbolLookup> LIBRARY = Stream.of("libcrypt.so.1", "libcrypt.so.2")
                .flatMap(name -> library(name).stream())
                .findFirst();
        static final Optional<CFunction> WITH_SIZE = LIBRARY.flatMap(library -> CFunction.named(library, "crypt_rn"));
        static final Optional<CFunction> WITHOUT_SIZE = LIBRARY.flatMap(library -> CFunction.named(library, "crypt_r"));

        private static Optional<SymbolLookup> library(String name) {
            try {
                return Optional.of(SymbolLookup.libraryLookup(name, Arena.global()));
            } catch (IllegalArgumentException e) {
                return Optional.empty(); // there is none of that name
            }
        }
    }

    /** Whether this system has the library. */
    public static boolean isThere() {
        return CryptFunctions.WITH_SIZE.or(() -> CryptFunctions.WITHOUT_SIZE).isPresent();
    }

    /**
     * The hash of a password; empty if the library is missing, does not know the method or refuses the password as too long.
     *
     * @param password octets; nothing is the hash of one with a NUL
     * @param setting ASCII without NUL: a hash, of which the method, costs and salt count
     */
    public static Optional<byte[]> hash(byte[] password, String setting) {
        for (byte each : password) {
            if (each == 0) {
                return Optional.empty();
            }
        }
        Optional<CFunction> function = CryptFunctions.WITH_SIZE.or(() -> CryptFunctions.WITHOUT_SIZE);
        if (function.isEmpty()) {
            return Optional.empty();
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment phrase = arena.allocate(password.length + 1L);
            MemorySegment data = arena.allocate(DATA, 64);
            try {
                phrase.asByteBuffer().put(password);
                MemorySegment method = arena.allocateFrom(setting, StandardCharsets.ISO_8859_1);
                long answer = function.get()
                        .call(phrase.address(), method.address(), data.address(), DATA)
                        .value();
                return answer == 0
                        ? Optional.empty()
                        : known(MemorySegment.ofAddress(answer).reinterpret(MOST_HASH));
            } finally {
                phrase.fill((byte) 0);
                data.fill((byte) 0);
            }
        }
    }

    private static Optional<byte[]> known(MemorySegment answer) {
        int length = 0;
        while (length < MOST_HASH && answer.get(ValueLayout.JAVA_BYTE, length) != 0) {
            length++;
        }
        byte[] hash = answer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
        return length == 0 || hash[0] == '*' ? Optional.empty() : Optional.of(hash); // *0 and *1: it has failed
    }
}
