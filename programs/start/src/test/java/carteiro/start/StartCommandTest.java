package carteiro.start;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StartCommandTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            run --home /h                  | RunAll[home=/h, form=TOGETHER]
            run --split --home /h          | RunAll[home=/h, form=SPLIT]
            run                            | RunAll[home=/var/qmail, form=TOGETHER]
            run send                       | UsageError[reason=run takes no names; one program alone is run by: carteiro send]
            run --fast                     | UsageError[reason=run has no option --fast]
            run --home                     | UsageError[reason=--home wants a folder after it]
            queue --home /h                | RunOne[program=queue, home=/h, parent=SYSTEM]
            queue --child --home /h        | RunOne[program=queue, home=/h, parent=START]
            ../queue                       | UsageError[reason="../queue" with further names means nothing here]
            status --home=/h               | Ask[verb=STATUS, program=, home=/h]
            stop --home /h remote          | Ask[verb=STOP, program=remote, home=/h]
            status --home /h               | Ask[verb=STATUS, program=, home=/h]
            stop remote --home /h          | Ask[verb=STOP, program=remote, home=/h]
            now send                       | Ask[verb=ALARM, program=send, home=/var/qmail]
            stop remote local              | UsageError[reason=stop takes one program, or none for all]
            stop REMOTE                    | UsageError[reason="REMOTE" is no name of a program]
            init --me a.org --home /h      | InitHome[home=/h, me=a.org, domain=Optional.empty, delivery=Optional.empty, users=KEEP]
            init --me a.org --create-users | InitHome[home=/var/qmail, me=a.org, domain=Optional.empty, delivery=Optional.empty, users=CREATE]
            init --me=a.org --home=/h --domain b.org --delivery=./Mailbox | InitHome[home=/h, me=a.org, domain=Optional[b.org], delivery=Optional[./Mailbox], users=KEEP]
            init --me                      | UsageError[reason=--me wants a value after it]
            status --me a.org              | UsageError[reason=status has no option --me]
            --split run                    | UsageError[reason="--split" with further names means nothing here]
            init --home /h                 | UsageError[reason=usage: carteiro init --home DIR --me HOST [--domain DOMAIN] [--delivery INSTRUCTIONS] [--create-users]]
            """)
    void commandLines(String line, String understood) {
        assertThat(StartCommand.parse(List.of(line.split(" ")), Map.of())).hasToString(understood);
    }

    @ParameterizedTest
    @CsvSource({"status,/elsewhere", "status --home /h,/h"})
    void theHomeMayBeInTheEnvironment(String line, String home) {
        assertThat(StartCommand.parse(List.of(line.split(" ")), Map.of("CARTEIRO_HOME", "/elsewhere")))
                .hasToString("Ask[verb=STATUS, program=, home=" + home + "]");
    }
}
