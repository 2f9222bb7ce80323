package carteiro.start;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.log.EventLog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogConsumerTest {
    private final LogConsumer reader = new LogConsumer();

    @ParameterizedTest
    @ValueSource(strings = {"Broken pipe", "Connection reset by peer", "Input/output error", EventLog.WRITER_ENDED})
    void aLogThatNobodyCanReadAnyMoreIsTold(String words) {
        assertThat(reader.gone()).isNotDone();
        reader.trouble(words);
        assertThat(reader.gone()).isCompleted();
    }

    @Test
    void aDiskThatIsFullMayBeMended() {
        reader.trouble("No space left on device");
        assertThat(reader.gone()).isNotDone();
    }
}
