package carteiro.tokens;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carteiro.control.ControlException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is wrong with settings is told, all at once. */
class TokensSettingsTest {
    private static final Map<String, String> GOOD = Map.of(
            "oauthissuer", "https://id.example/",
            "oauthaudience", "mail",
            "oauthjwks", "https://id.example/keys");

    @TempDir
    Path home;

    private List<String> problems(Map<String, String> settings) {
        try {
            new TokensProgram().check(TokensAtWork.home(home, settings));
            return List.of();
        } catch (ControlException e) {
            return e.problems();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void goodSettingsAreTaken() throws Exception {
        assertThat(problems(GOOD)).isEmpty();
        TokensSettings settings = TokensSettings.read(TokensAtWork.home(home, Map.of()));
        assertThat(settings.claim()).isEqualTo("email");
        assertThat(settings.fault("invalid_token").configuration())
                .isEqualTo("https://id.example/.well-known/openid-configuration");
        assertThat(settings.toString()).doesNotContain("secret1");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            oauthissuer      |                              | control/oauthissuer:1: names no identity provider
            oauthaudience    |                              | control/oauthaudience: names no audience
            oauthjwks        | http://id.example/keys       | control/oauthjwks:1:
            oauthjwks        | https://                     | control/oauthjwks:1:
            oauthjwks        | https://a@id.example/keys    | control/oauthjwks:1:
            oauthjwks        | file:///etc/passwd           | control/oauthjwks:1:
            oauthjwks        | keys                         | control/oauthjwks:1:
            oauthintrospect  | https://id.example/ask       | control/oauthintrospect: is there, and so is
            oauthscope       | a"b                          | control/oauthscope:1: is no scope
            oauthclaim       |                              | control/oauthclaim:1: names no claim
            oauthcacerts     | rubbish                      | control/oauthcacerts: cannot be used
            """)
    void eachMistakeIsTold(String setting, String value, String problem) {
        var settings = new HashMap<>(GOOD);
        settings.put(setting, value == null ? "" : value);
        assertThat(problems(settings)).singleElement().asString().startsWith(problem);
    }

    @Test
    void whoeverIsAskedNeedsToKnowWhoAsks() {
        var settings = new HashMap<>(GOOD);
        settings.remove("oauthjwks");
        assertThat(problems(settings)).singleElement().asString().startsWith("control/oauthjwks: is missing");
        settings.put("oauthintrospect", "https://id.example/ask");
        assertThat(problems(settings)).singleElement().asString().startsWith("control/oauthclient: is missing");
        settings.put("oauthclient", "id");
        assertThat(problems(settings)).hasSize(1);
        settings.put("oauthclient", "id\nsecret1");
        assertThat(problems(settings)).isEmpty();
        settings.put("oauthclient", "id\nsecret1\nmore");
        assertThat(problems(settings)).singleElement().asString().doesNotContain("secret1");
    }

    @Test
    void aMechanismWithoutAProviderIsAMistake() {
        assertThat(problems(Map.of("authmechanisms", "plain\nOAuthBearer")))
                .singleElement()
                .asString()
                .startsWith("control/authmechanisms:2: needs an identity provider");
        assertThatCode(() -> new TokensProgram().check(TokensAtWork.home(home.resolve("x"), Map.of())))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> TokensSettings.read(TokensAtWork.home(home.resolve("y"), Map.of())))
                .isInstanceOf(ControlException.class);
    }
}
