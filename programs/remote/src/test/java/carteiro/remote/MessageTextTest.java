package carteiro.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MessageTextTest {
    @ParameterizedTest(name = "{0} octets, one above 127 at {1}")
    @CsvSource({
        "20000, 0, false",
        "20000, 19999, true",
        "262143, 0, false",
        "2000000, 0, true",
        "2000000, 17000, true",
        "2000000, 1999999, true"
    })
    void aLongMessageIsNotReadTwiceToItsEnd(int octets, int wideAt, boolean mayBe) throws Exception {
        byte[] message = new byte[octets];
        Arrays.fill(message, (byte) '\n');
        message[wideAt] = (byte) (wideAt == 0 ? '\n' : 0xe9);
        var read = new AtomicLong();
        var text = new MessageText(() -> new ByteArrayInputStream(message) {
            @Override
            public synchronized int read(byte[] into, int from, int length) {
                int count = super.read(into, from, length);
                read.addAndGet(Math.max(0, count));
                return count;
            }
        });
        text.begins(message, SmtpConnection.BLOCK, false);
        assertThat(text.mayBeEightBit()).isEqualTo(mayBe);
        assertThat(text.mayBeEightBit()).as("again").isEqualTo(mayBe);
        assertThat(read.get()).isLessThanOrEqualTo(2 * MessageText.LOOKED_THROUGH);
    }
}
