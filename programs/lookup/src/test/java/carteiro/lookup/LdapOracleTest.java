package carteiro.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import carteiro.mail.Address;
import carteiro.protocol.Lookup;
import carteiro.protocol.Lookup.Answer;
import carteiro.protocol.Lookup.DeliveryInstructions;
import carteiro.protocol.Lookup.DotFiles;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** What qmail-LDAP itself found in directory.ldif, address by address, compared with what we find. */
final class LdapOracleTest {
    @TempDir
    static Path folder;

    private static Slapd slapd;
    private static TestHome home;

    @BeforeAll
    static void directory() throws Exception {
        slapd = Slapd.with(folder.resolve("slapd"), Slapd.OPEN, "/ldap/directory.ldif");
        home = new TestHome(folder)
                .control("locals", "mail.example.org\nexample.org\nexample.net\nvirt.example\n")
                .control("ldapserver", "127.0.0.1:" + slapd.port + "\n")
                .control("ldapbasedn", "dc=example,dc=org\n")
                .control("ldapmessagestore", "/home/qstore/\n")
                .control("ldapuid", "5500\n")
                .control("ldapgid", "5500\n")
                .control("ldaplocaldelivery", "0\n");
        home.lookup();
    }

    @AfterAll
    static void noDirectory() throws Exception {
        if (home != null) {
            home.close();
        }
        if (slapd != null) {
            slapd.close();
        }
    }

    @TestFactory
    List<DynamicTest> lookups() throws Exception {
        var tests = new ArrayList<DynamicTest>();
        try (InputStream in = LdapOracleTest.class.getResourceAsStream("/ldap/qmail-ldap-oracle.json")) {
            for (JsonNode lookup : new ObjectMapper().readTree(in).get("lookups")) {
                String address = lookup.get("address").asText();
                tests.add(DynamicTest.dynamicTest(address, () -> compare(address, lookup)));
            }
        }
        assertThat(tests).hasSizeGreaterThan(35);
        return tests;
    }

    private static void compare(String address, JsonNode oracle) throws Exception {
        var steps = new ArrayList<String>();
        Answer answer = home.lookupNow()
                .answer(Lookup.LookupQuestion.explaining(new Address(address)), step -> steps.add(step.get()));
        String local = address.substring(0, address.indexOf('@'));
        if (local.equals(
                "staff-x")) { // the oracle was built without extensions at hyphens: for us staff-catchall has it
            assertThat(steps)
                    .anyMatch(step -> step.contains("staff-catchall@example.org") && step.contains("cn=staff"));
            return;
        }
        var searched = new ArrayList<String>();
        for (String step : steps) {
            int end = step.indexOf(" finds ");
            boolean ofHyphen = step.contains("-catchall@") && !local.endsWith("-catchall");
            if (step.startsWith("ldap: ") && end > 0 && !ofHyphen) {
                searched.add(step.substring("ldap: ".length(), end));
            }
        }
        var expected = new ArrayList<String>();
        oracle.get("searched").forEach(filter -> expected.add(filter.asText()));
        assertThat(searched).isEqualTo(expected);

        if (oracle.get("exit").asInt() != 0) {
            assertThat(answer)
                    .isInstanceOfSatisfying(
                            Answer.NoSuchAddress.class,
                            unknown -> assertThat(unknown.status()).hasToString("5.1.1"));
            return;
        }
        assertThat(steps)
                .anyMatch(step ->
                        step.endsWith(" finds " + oracle.get("dn").get(0).asText()));
        compare(answer, attributes(oracle));
    }

    private static void compare(Answer answer, Map<String, String> oracle) {
        switch (answer) {
            case Answer.Account account -> {
                assertThat(account.identity().user()).isEqualTo(oracle.get("uid"));
                assertThat(account.home().folder()).isEqualTo(oracle.get("homeDirectory"));
                assertThat(account.identity().uid()).hasToString(oracle.get("qmailUID"));
                assertThat(account.identity().gid()).hasToString(oracle.get("qmailGID"));
                DeliveryInstructions.DirectoryInstructions instructions =
                        (DeliveryInstructions.DirectoryInstructions) account.instructions();
                assertThat(instructions.delivery().isEmpty() ? "using default" : instructions.delivery())
                        .isEqualTo(oracle.get("aliasEmpty"));
                assertThat(instructions.dotFiles() == DotFiles.ALONE)
                        .isEqualTo("dotonly".equals(oracle.get("qmailDotMode")));
                assertThat(oracle.get("accountStatus")).containsAnyOf("active", "noaccess");
            }
            case Answer.NoSuchAddress(var status, var _) -> {
                String expected = oracle.getOrDefault("accountStatus", "deleted"); // of which the oracle prints nothing
                assertThat(status.toString() + " " + expected.toLowerCase(Locale.ROOT))
                        .isIn("5.2.1 disabled", "5.1.1 deleted");
            }
            case Answer.Unresolved(var _, var reason) -> assertThat(reason).contains("is a qmailGroup");
            case Answer.ForwardOnly _, Answer.OtherHost _, Answer.Trash _ ->
                throw new AssertionError(answer.toString());
        }
    }

    private static Map<String, String> attributes(JsonNode oracle) {
        var attributes = new HashMap<String, String>();
        for (JsonNode line : oracle.get("attributes")) {
            String text = line.asText();
            int colon = text.indexOf(": ");
            if (colon > 0) {
                attributes.putIfAbsent(text.substring(0, colon), text.substring(colon + 2));
            }
        }
        return attributes;
    }
}
