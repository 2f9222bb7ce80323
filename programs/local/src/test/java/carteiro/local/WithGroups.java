package carteiro.local;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * local in a process of its own that has supplementary groups, as a root shell often has. It delivers twice and prints the reports:
 * first to a program that says who it is; then by a {@code .qmail} file that only a member of the first of those groups may read.
 */
final class WithGroups {
    static final int GROUP = 41777;

    private WithGroups() {}

    public static void main(String[] arguments) throws Exception {
        try (var local = new LocalAtWork(Path.of(arguments[0]))) {
            local.write(".qmail", "|id -u; id -g; id -G; grep -E '^(Uid|Gid|Groups|CapEff)' /proc/self/status\n");
            Path closed = local.write(".qmail-closed", "./Maildir/\n");
            Files.setAttribute(closed, "unix:uid", 0);
            Files.setAttribute(closed, "unix:gid", GROUP);
            Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---r-----"));
            local.account("joe-closed", "-", "closed");
            System.out.print(local.deliver("joe", "\n").report()
                    + local.deliver("joe-closed", "\n").report());
        }
    }
}
