package carteiro.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StopStageTest {
    @ParameterizedTest(name = "{0} of 30 s after {1} ms")
    @CsvSource({
        "WAY_IN,0,10500", // a client that is silent takes no more
        "SCHEDULER,0,13500",
        "SCHEDULER,10500,3000",
        "WAY_OUT,100,23900", // what was not needed before
        "WAY_OUT,13500,10500",
        "KEEPER,25500,4500",
        "KEEPER,29000,1000",
        "KEEPER,33000,1000" // the least, whatever happened before
    })
    void eachStageHasATimeOfItsOwn(StopStage stage, long spent, long left) {
        assertThat(stage.left(Duration.ofSeconds(30), Duration.ofMillis(spent))).isEqualTo(Duration.ofMillis(left));
    }
}
