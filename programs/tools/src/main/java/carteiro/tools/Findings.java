package carteiro.tools;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import carteiro.log.LogText;
import carteiro.protocol.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * What is wrong with an installation.
 *
 * <pre>
 *   FileFindings         each control file by its kind; names that nothing reads
 *   DomainFindings       locals, virtualdomains, rcpthosts and the other tables of domains
 *   ClientFindings       tcp.smtp
 *   CertificateFindings  servercert.pem
 *   AliasFindings        defaultdelivery, alias/, and where postmaster leads
 *   PermissionFindings   who may read and write what
 * </pre>
 *
 * and what each program says of its own settings.
 *
 * @param mistakes what keeps a program from starting, or does what nobody can have meant
 * @param warnings what may be meant
 */
record Findings(Set<String> mistakes, Set<String> warnings) {
    /** Copies the sets in their order. */
    Findings {
        mistakes = new LinkedHashSet<>(mistakes);
        warnings = new LinkedHashSet<>(warnings);
    }

    /** Looks only for what programs refuse to start with. */
    static Findings beforeStart(Installation installation, Iterable<Program> programs) {
        var found = new FindingList();
        if (isThere(installation, found)) {
            installation.queueOfQmail().ifPresent(found::mistake);
            programs(installation, programs, found);
        }
        return new Findings(found.mistakes(), found.warnings());
    }

    private static boolean isThere(Installation installation, FindingList found) {
        if (Files.isDirectory(installation.control())) {
            return true;
        }
        found.mistake(LogText.path(installation.control()) + ": is no folder; write it with: carteiro init --home "
                + LogText.path(installation.home()) + " --me HOST");
        return false;
    }

    private static void programs(Installation installation, Iterable<Program> programs, FindingList found) {
        for (Program program : programs) {
            try {
                program.check(installation);
            } catch (ControlException e) {
                e.problems().forEach(found::mistake);
            }
        }
    }

    /** Looks at everything. */
    static Findings of(Installation installation, Iterable<Program> programs) throws IOException {
        var found = new FindingList();
        if (!isThere(installation, found)) {
            return new Findings(found.mistakes(), found.warnings());
        }
        var files = new ControlFiles(installation);
        new FileFindings(installation, files, found).look();
        new DomainFindings(files, found).look();
        installation.queueOfQmail().ifPresent(found::mistake);
        var spool = new LinkedHashSet<String>();
        SpoolView.look(installation, spool);
        spool.forEach(found::warning);
        new ClientFindings(installation, files, found).look();
        new CertificateFindings(files, found).look();
        new AliasFindings(installation, files, found).look();
        new PermissionFindings(installation, found).look();
        try {
            files.check();
        } catch (ControlException e) {
            e.problems().forEach(found::mistake);
        }
        programs(installation, programs, found);
        return new Findings(found.mistakes(), found.warnings());
    }
}
