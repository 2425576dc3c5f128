package dev.headroom;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;

/** Dependencies flow one way; JMH and JNA stay where they belong. docs/architecture.md has the picture. */
@AnalyzeClasses(packages = "dev.headroom", importOptions = ImportOption.DoNotIncludeTests.class)
class LayerTest {
    @ArchTest
    static final ArchRule NO_CYCLES =
            slices().matching("dev.headroom.(*)..").should().beFreeOfCycles();

    /** From the top: a package may use those after it, never one before it. */
    private static final List<String> ORDER = List.of("cli", "run", "place", "fork", "probe", "profiler", "memory");

    @ArchTest
    static void packagesFromCliToMemoryUseOnlyThoseBelow(JavaClasses classes) {
        for (int i = 1; i < ORDER.size(); i++) {
            noClasses()
                    .that()
                    .resideInAPackage("dev.headroom." + ORDER.get(i))
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(ORDER.subList(0, i).stream()
                            .map(name -> "dev.headroom." + name)
                            .toArray(String[]::new))
                    .check(classes);
        }
    }

    @ArchTest
    static final ArchRule ONLY_PROFILER_FORK_AND_BENCH_KNOW_JMH = noClasses()
            .that()
            .resideOutsideOfPackages("..profiler..", "..fork..", "..bench..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.openjdk.jmh..");

    @ArchTest
    static final ArchRule ONLY_BINDING_METERS_AND_WINDOWS_KERNEL_KNOW_JNA = noClasses()
            .that()
            .resideOutsideOfPackages("..llama..", "..memory..")
            .and()
            .haveNameNotMatching(".*\\.environment\\.WindowsKernel")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("com.sun.jna..");

    @ArchTest
    static final ArchRule RESULT_KNOWS_NO_OTHER_PACKAGE = noClasses()
            .that()
            .resideInAPackage("..result..")
            .should()
            .dependOnClassesThat(
                    resideInAPackage("dev.headroom.*..").and(not(resideInAPackage("dev.headroom.result.."))));

    @ArchTest
    static final ArchRule PLAN_KNOWS_NO_OTHER_PACKAGE = noClasses()
            .that()
            .resideInAPackage("..plan..")
            .should()
            .dependOnClassesThat(
                    resideInAPackage("dev.headroom.*..").and(not(resideInAPackage("dev.headroom.plan.."))));

    @ArchTest
    static final ArchRule EXPORT_KNOWS_RESULT_AND_PLAN = noClasses()
            .that()
            .resideInAPackage("..export..")
            .should()
            .dependOnClassesThat(resideInAPackage("dev.headroom..")
                    .and(not(resideInAnyPackage(
                            "dev.headroom.result..", "dev.headroom.plan..", "dev.headroom.export.."))));

    @ArchTest
    static final ArchRule COMPARE_KNOWS_RESULT_EXPORT_PLAN_AND_GGUF = noClasses()
            .that()
            .resideInAPackage("..compare..")
            .should()
            .dependOnClassesThat(resideInAPackage("dev.headroom.*..")
                    .and(not(resideInAnyPackage(
                            "dev.headroom.result..",
                            "dev.headroom.export..",
                            "dev.headroom.plan..",
                            "dev.headroom.gguf..",
                            "dev.headroom.compare.."))));

    @ArchTest
    static void mainDoesNotKnowBenchmarks(JavaClasses classes) {
        noClasses()
                .that()
                .resideOutsideOfPackage("..bench..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("..bench..")
                .check(classes);
    }
}
