package carteiro.tests;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Programs never depend on one another; libraries use only what stands above them. */
class ArchitectureTest {
    /** In the order of their layers: each may use those before it. */
    static final List<String> LIBRARIES = List.of(
            "mail",
            "idna",
            "wire",
            "log",
            "posix",
            "password",
            "control",
            "smtp",
            "dns",
            "maildir",
            "segments",
            "protocol",
            "listen");

    static final List<String> PROGRAMS = List.of(
            "smtpd",
            "qmqpd",
            "pop3",
            "inject",
            "queue",
            "queuetool",
            "send",
            "checkpassword",
            "clean",
            "local",
            "remote",
            "lookup",
            "tokens",
            "tools",
            "start");

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("carteiro");

    /** Uses start, as a visitor would; and what tests have in common. Nothing of the product may use either. */
    static final List<String> BESIDES = List.of("demo", "testkit");

    static List<String> programs() {
        return PROGRAMS;
    }

    static List<String> libraries() {
        return LIBRARIES;
    }

    @Test
    void functionsOfTheCLibraryAreLinkedInOnePlaceSinceEachShapeOfACallSlowsEveryStart() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName("carteiro.posix.CFunction")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.foreign.Linker")
                .check(CLASSES);
    }

    @Test
    void everyModuleOfTheBuildIsInTheListsAboveAndEveryPackageIsNullMarked() throws Exception {
        Path pom = Path.of(System.getProperty("carteiro.root"), "pom.xml");
        List<String> modules = Pattern.compile("<module>(lib|programs)/(\\w+)</module>")
                .matcher(Files.readString(pom))
                .results()
                .map(module -> module.group(2))
                .toList();
        assertThat(modules.subList(0, LIBRARIES.size())).isEqualTo(LIBRARIES);
        var packages = CLASSES.stream().map(JavaClass::getPackage).collect(Collectors.toSet());
        var known = new ArrayList<>(LIBRARIES);
        known.addAll(PROGRAMS);
        assertThat(modules).containsExactlyInAnyOrderElementsOf(with(known, "demo"));
        assertThat(packages)
                .extracting(JavaPackage::getName)
                .containsExactlyInAnyOrderElementsOf(with(known, "demo", "testkit").stream()
                        .map(name -> "carteiro." + name)
                        .toList());
        assertThat(packages).allMatch(each -> each.isAnnotatedWith(NullMarked.class), "@NullMarked");
    }

    private static List<String> with(List<String> names, String... more) {
        return Stream.concat(names.stream(), Stream.of(more)).toList();
    }

    @ParameterizedTest
    @MethodSource("programs")
    void noProgramDependsOnAnother(String program) {
        assertThat(CLASSES.stream().filter(c -> c.getPackageName().equals("carteiro." + program)))
                .as("classes of " + program + " that were seen")
                .isNotEmpty();
        String[] others = Stream.concat(PROGRAMS.stream(), BESIDES.stream())
                .filter(other -> !other.equals(program))
                .map(other -> "carteiro." + other)
                .toArray(String[]::new);
        noClasses()
                .that()
                .resideInAPackage("carteiro." + program)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(others)
                .check(CLASSES);
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void aLibraryUsesOnlyWhatStandsAboveIt(String library) {
        assertThat(CLASSES.stream().filter(c -> c.getPackageName().equals("carteiro." + library)))
                .as("classes of " + library + " that were seen")
                .isNotEmpty();
        String[] below = Stream.of(
                        LIBRARIES.subList(LIBRARIES.indexOf(library) + 1, LIBRARIES.size()), PROGRAMS, BESIDES)
                .flatMap(List::stream)
                .map(other -> "carteiro." + other)
                .toArray(String[]::new);
        noClasses()
                .that()
                .resideInAPackage("carteiro." + library)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(below)
                .check(CLASSES);
    }

    @Test
    void ldapLivesInLookupAlone() {
        noClasses()
                .that()
                .resideOutsideOfPackages("carteiro.lookup", "carteiro.demo")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.unboundid..")
                .check(CLASSES);
    }

    /** The program that must never fail has no parser but those of its own format and of the wires. */
    @Test
    void jsonIsForTheCommandsThatLookIntoAQueue() {
        noClasses()
                .that()
                .resideOutsideOfPackage("carteiro.queuetool")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.fasterxml.jackson..")
                .check(CLASSES);
    }

    /** What comes from an identity provider is read by the program that speaks with it. */
    @Test
    void webTokensLiveInTokensAlone() {
        noClasses()
                .that()
                .resideOutsideOfPackage("carteiro.tokens")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("com.nimbusds..", "java.net.http..")
                .check(CLASSES);
    }

    /** Who looks into a queue needs the format, and nothing that writes it. */
    @Test
    void theFormatOfTheQueueKnowsNeitherWiresNorSettings() {
        noClasses()
                .that()
                .resideInAPackage("carteiro.segments")
                .should()
                .dependOnClassesThat()
                .resideOutsideOfPackages(
                        "carteiro.segments", "carteiro.mail", "carteiro.log", "java..", "org.jspecify..")
                .check(CLASSES);
    }

    @Test
    void hashesOfPasswordsAreMadeInOneLibrary() {
        noClasses()
                .that()
                .resideOutsideOfPackage("carteiro.password")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.bouncycastle..")
                .check(CLASSES);
    }

    @Test
    void dnsLivesInItsLibraryAlone() {
        noClasses()
                .that()
                .resideOutsideOfPackages("carteiro.dns", "carteiro.testkit")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("org.xbill..")
                .check(CLASSES);
    }

    @Test
    void packagesAreFreeOfCycles() {
        SlicesRuleDefinition.slices()
                .matching("carteiro.(*)..")
                .should()
                .beFreeOfCycles()
                .check(CLASSES);
    }

    @Test
    void namesSayWhatAThingIs() {
        Pattern forbidden = Pattern.compile(".*(Manager|Helper|Util|Utils|Impl|Abstract|Base|Common)$|^Abstract.*");
        noClasses()
                .should(com.tngtech.archunit.lang.conditions.ArchConditions.be(DescribedPredicate.<JavaClass>describe(
                        "named after a pattern",
                        c -> forbidden.matcher(c.getSimpleName()).matches())))
                .check(CLASSES);
    }

    /** So that every child has a session of its own, no terminal, and few of our variables. */
    @Test
    void childrenAreStartedInOnePlace() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName("carteiro.posix.ChildCommand")
                .and()
                .resideOutsideOfPackage("carteiro.testkit..")
                .should()
                .callConstructor(ProcessBuilder.class, List.class)
                .orShould()
                .callConstructor(ProcessBuilder.class, String[].class)
                .orShould()
                .callMethod(Runtime.class, "exec", String[].class)
                .check(CLASSES);
    }

    /** java.net.IDN is IDNA2003: it takes one domain for another. */
    @Test
    void domainNamesAreThoseOfIdna2008() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.net.IDN")
                .check(CLASSES);
    }

    /** Arabic, Persian and other locales write other digits, Turkish other letters: what programs read and write has none. */
    @Test
    void nothingOfTheProductDependsOnTheLocale() {
        noClasses()
                .should()
                .callMethod(String.class, "format", String.class, Object[].class)
                .orShould()
                .callMethod(String.class, "formatted", Object[].class)
                .orShould()
                .callMethod(String.class, "toLowerCase")
                .orShould()
                .callMethod(String.class, "toUpperCase")
                .orShould()
                .callMethod(java.io.PrintStream.class, "printf", String.class, Object[].class)
                .orShould()
                .callMethod(java.io.PrintStream.class, "format", String.class, Object[].class)
                .orShould()
                .callMethod(java.io.PrintWriter.class, "printf", String.class, Object[].class)
                .orShould()
                .callMethod(java.time.format.DateTimeFormatter.class, "ofPattern", String.class)
                .orShould()
                .callConstructor(java.util.Formatter.class)
                .orShould()
                .callConstructor(java.util.Scanner.class, java.io.InputStream.class)
                .orShould()
                .callMethod(java.text.NumberFormat.class, "getInstance")
                .check(CLASSES);
    }

    /** The same for numbers in tests, which would fail in such a locale. */
    @Test
    void noTestWritesNumbersByTheLocale() throws Exception {
        Path root = Path.of(System.getProperty("carteiro.root"));
        Pattern numbers = Pattern.compile("%[-+ 0,#(]*[0-9]*\\$?[-+ 0,#(]*[0-9.]*[doxXeEfgG]");
        Pattern formatted = Pattern.compile(
                "(?s)\"\"\"\\n(?:(?!\"\"\").)*+\"\"\"\\.formatted\\(|\"(?:[^\"\\\\\\n]|\\\\.)*+\"\\s*\\.formatted\\("
                        + "|(?:String\\.format|printf)\\(\\s*\"(?:[^\"\\\\\\n]|\\\\.)*+\"");
        var found = new ArrayList<String>();
        int seen = 0;
        List<Path> sources;
        try (Stream<Path> walk = Files.walk(root)) {
            sources = walk.filter(path -> path.toString().endsWith(".java")
                            && !path.toString().contains("/target/"))
                    .toList();
        }
        for (Path source : sources) {
            seen++;
            formatted
                    .matcher(Files.readString(source))
                    .results()
                    .filter(call -> numbers.matcher(call.group()).find())
                    .forEach(call -> found.add(root.relativize(source) + ": " + call.group()));
        }
        assertThat(seen).isGreaterThan(300);
        assertThat(found).as("use String.format(Locale.ROOT, ...)").isEmpty();
    }

    /** Where an address goes is decided in one place: others write these files, name them, or declare that there are such. */
    @Test
    void nobodyButLookupReadsTheFilesOfRouting() throws Exception {
        Path root = Path.of(System.getProperty("carteiro.root"));
        Pattern named = Pattern.compile(
                "\"(locals|virtualdomains|percenthack|envnoathost)\"|\\bSettings\\.(LOCALS|VIRTUALDOMAINS|PERCENTHACK|ENVNOATHOST)\\b");
        var found = new TreeSet<String>();
        try (Stream<Path> walk = Files.walk(root)) {
            for (Path source : walk.filter(path -> path.toString().contains("/src/main/java/")
                            && path.toString().endsWith(".java"))
                    .toList()) {
                if (named.matcher(Files.readString(source)).find()) {
                    found.add(String.valueOf(source.getFileName()));
                }
            }
        }
        assertThat(found)
                .containsExactly(
                        "ConfigFast.java", // writes
                        "DemoHome.java", // writes
                        "Init.java", // writes
                        "LookupProgram.java",
                        "RoutingFindings.java",
                        "RoutingTables.java",
                        "Settings.java");
    }

    /** What {@link carteiro.control.ControlFiles} reads is a setting, and each is declared in one class. */
    @Test
    void nobodyDeclaresASettingElsewhereOrReadsAControlFileInAnotherWay() throws Exception {
        classes()
                .that(DescribedPredicate.describe(
                        "make settings",
                        each -> each.getMethodCallsFromSelf().stream()
                                .anyMatch(call ->
                                        call.getTargetOwner().getName().equals("carteiro.control.Setting$Declaration")
                                                && call.getName().equals("readBy"))))
                .should()
                .haveFullyQualifiedName("carteiro.control.Settings")
                .check(CLASSES);
        noClasses()
                .that()
                .resideOutsideOfPackage("carteiro.control")
                .and(DescribedPredicate.describe(
                        "find control files",
                        each -> each.getMethodCallsFromSelf().stream()
                                .anyMatch(call ->
                                        call.getTargetOwner().isEquivalentTo(carteiro.control.Installation.class)
                                                && call.getName().equals("control"))))
                .and()
                .doNotHaveSimpleName("ControlChanges") // compares sums
                .and()
                .doNotHaveSimpleName("Init") // writes them, and reads the system's users
                .and()
                .doNotHaveSimpleName("ConfigFast") // writes them
                .should()
                .callMethodWhere(
                        DescribedPredicate.describe(
                                "reads a file",
                                call -> call.getTargetOwner().isEquivalentTo(Files.class)
                                        && call.getName()
                                                .matches(
                                                        "read(String|AllLines|AllBytes)|lines|newInputStream|newBufferedReader")))
                .check(CLASSES);
    }

    /** Whoever reads "Result" shall not have to ask whose. */
    @Test
    void noNameOfAClassIsThatOfAnother() {
        var bySimpleName = CLASSES.stream()
                .filter(each -> !each.isAnonymousClass()
                        && !each.getSimpleName().isEmpty()
                        && !each.getSimpleName().equals("package-info"))
                .collect(Collectors.groupingBy(
                        JavaClass::getSimpleName,
                        TreeMap::new,
                        Collectors.mapping(JavaClass::getName, Collectors.toList())));
        assertThat(bySimpleName).hasSizeGreaterThan(900);
        bySimpleName.values().removeIf(names -> names.size() == 1);
        assertThat(bySimpleName).isEmpty();
    }

    @Test
    void noMutableStatics() {
        com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields()
                .that()
                .areStatic()
                .should()
                .haveModifier(JavaModifier.FINAL)
                .check(CLASSES);
    }

    @Test
    void onlyRecordsAndServicesArePublicInPrograms() {
        classes()
                .that()
                .implement(carteiro.protocol.Program.class)
                .should()
                .bePublic()
                .andShould()
                .haveModifier(JavaModifier.FINAL)
                .check(CLASSES);
    }
}
