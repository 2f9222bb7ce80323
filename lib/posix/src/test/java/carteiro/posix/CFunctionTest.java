package carteiro.posix;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CFunctionTest {
    private static final int NO_ENTRY = 2;
    private static final int BAD_DESCRIPTOR = 9;
    private static final int CREATE_TO_WRITE = 0101;

    @TempDir
    Path folder;

    @Test
    void withoutArguments() {
        assertThat(CFunction.named("getpid").call().result())
                .isEqualTo((int) ProcessHandle.current().pid());
    }

    @Test
    void aNegativeIntIsNegativeAsAnArgumentAndAsAResult() {
        assertThat(CFunction.named("abs").call(-5).result()).isEqualTo(5);
        assertThat(CFunction.named("atoi").call(address("-7")).result()).isEqualTo(-7);
    }

    @Test
    void aResultIsAsWideAsALong() {
        assertThat(CFunction.named("atoll")
                        .call(address("-9223372036854775807"))
                        .value())
                .isEqualTo(-9223372036854775807L);
        assertThat(CFunction.named("labs").call(-4294967296L).value()).isEqualTo(4294967296L);
    }

    @Test
    void errnoTellsWhyACallFailed() {
        CFunction.CallResult missing = CFunction.named("access").call(address(folder + "/none"), 0);
        assertThat(missing.result()).isEqualTo(-1);
        assertThat(missing.errno()).isEqualTo(NO_ENTRY);
        CFunction.CallResult closed = CFunction.named("fsync").call(-1);
        assertThat(closed.result()).isEqualTo(-1);
        assertThat(closed.errno()).isEqualTo(BAD_DESCRIPTOR);
    }

    @Test
    void aFunctionWithAVariableNumberOfArgumentsGetsThem() throws Exception {
        Path file = folder.resolve("file");
        int descriptor = CFunction.named("open")
                .call(address(file.toString()), CREATE_TO_WRITE, 0400)
                .result();
        assertThat(descriptor).isPositive();
        CFunction.named("close").call(descriptor);
        assertThat(FileStatus.of(file.toString()).orElseThrow().mode()).isEqualTo(0400);

        MemorySegment text = Arena.ofAuto().allocate(64);
        int written = CFunction.named("snprintf")
                .call(text.address(), 64, address("%d %s %d"), -1, address("two"), 3)
                .result();
        assertThat(text.getString(0)).isEqualTo("-1 two 3").hasSize(written);
    }

    @Test
    void sixArgumentsArriveInTheirOrder() throws Exception {
        Path file = Files.writeString(folder.resolve("sent"), "0123456789");
        try (Descriptor descriptor =
                Descriptor.open(Descriptor.CURRENT_FOLDER, file.toString(), Descriptor.READ, 0, file.toString())) {
            long at = CFunction.named("mmap")
                    .call(0, 10, 1, 2, descriptor.number(), 0)
                    .value();
            @SuppressWarnings("restricted") // what was mapped a moment ago
            MemorySegment mapped = MemorySegment.ofAddress(at).reinterpret(10);
            assertThat(mapped.toArray(ValueLayout.JAVA_BYTE)).asString().isEqualTo("0123456789");
            CFunction.named("munmap").call(at, 10);
        }
    }

    @Test
    void aFunctionThatTheLibraryLacks() {
        assertThatThrownBy(() -> CFunction.named("carteiro_has_no_such_function"))
                .isInstanceOf(NoSuchElementException.class);
    }

    private static long address(String text) {
        return CPath.address(Arena.global(), text);
    }
}
